// Does with Twilio's own Node library what the tests in test_node_library.py look at; prints JSON, nothing else.
//
// Arguments: where the carrier is, account, token, messaging service, number, and where status callbacks go.
"use strict";
const twilio = require("twilio");
const RequestClient = require("twilio/lib/base/RequestClient");

const [carrier, account, token, service, number, callback] = process.argv.slice(2);
const ANA = "+14155550111";
const CHAT = "whatsapp:+525512345678";

class LocalClient extends RequestClient {
  request(asked) {
    const { pathname, search } = new URL(asked.uri);
    return super.request({ ...asked, uri: `${carrier}${pathname}${search}` });
  }
}

const refused = async (asking) => {
  try {
    await asking();
    return null;
  } catch (error) {
    return { status: error.status, code: error.code, message: error.message, moreInfo: error.moreInfo };
  }
};

const until = async (holds) => {
  for (let tries = 0; tries < 200; tries += 1) {
    const found = await holds();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("it never held");
};

const main = async () => {
  const client = twilio(account, token, { httpClient: new LocalClient() });
  const stranger = twilio(account, "wrong", { httpClient: new LocalClient() });
  const made = await client.messages.create({
    to: ANA, messagingServiceSid: service, body: "Hello.", statusCallback: `${callback}?attempt=1x1`,
  });
  const arrived = await until(async () => {
    const message = await client.messages(made.sid).fetch();
    return message.status === "delivered" ? message : null;
  });
  for (const body of ["Two.", "Three."]) await client.messages.create({ to: ANA, from: number, body });
  const listed = await client.messages.list({ to: ANA, pageSize: 2 });

  const quick = {
    "twilio/quick-reply": {
      body: "Hello {{1}}, are you coming to the circle?",
      actions: [{ type: "QUICK_REPLY", title: "Yes", id: "{{2}}" }, { type: "QUICK_REPLY", title: "No", id: "{{3}}" }],
    },
  };
  const content = await client.content.v1.contents.create({
    friendly_name: "node_en", language: "en", variables: { 1: "Ana", 2: "ask:1:1", 3: "ask:1:2" }, types: quick,
  });
  const handedIn = await client.content.v1
    .contents(content.sid)
    .approvalCreate.create({ name: "node_en", category: "UTILITY" });
  const review = await client.content.v1.contents(content.sid).approvalFetch().fetch();
  const held = await client.content.v1.contentAndApprovals.list({ limit: 20 });
  const contentVariables = JSON.stringify({ 1: "Ana", 2: "ask:7:yes", 3: "ask:7:no" });
  const opened = await client.messages.create({
    to: CHAT, messagingServiceSid: service, contentSid: content.sid, contentVariables,
  });
  const closed = await client.messages.create({ to: CHAT, messagingServiceSid: service, body: "Free words." });
  const ended = await until(async () => {
    const message = await client.messages(closed.sid).fetch();
    return message.errorCode ? message : null;
  });

  const call = await client.calls.create({ to: ANA, from: number, twiml: "<Response><Say>Hello</Say></Response>" });
  console.log(JSON.stringify({
    made: { sid: made.sid, status: made.status, numSegments: made.numSegments, to: made.to, at: made.dateCreated },
    arrived: { status: arrived.status, numSegments: arrived.numSegments, direction: arrived.direction },
    listed: listed.map((message) => message.body),
    content: { sid: content.sid, friendlyName: content.friendlyName, language: content.language, types: content.types },
    handedIn: { name: handedIn.name, category: handedIn.category, status: handedIn.status },
    review: review.whatsapp,
    held: held.map((each) => each.sid),
    opened: { body: (await client.messages(opened.sid).fetch()).body },
    closed: { status: ended.status, errorCode: ended.errorCode },
    call: { sid: call.sid, status: call.status, to: call.to },
    refusals: {
      number: await refused(() => client.messages.create({ to: "+1415", from: number, body: "x" })),
      words: await refused(() => client.messages.create({ to: ANA, from: number, body: "x".repeat(1601) })),
      unknown: await refused(() => client.messages(`SM${"0".repeat(32)}`).fetch()),
      token: await refused(() => stranger.messages.list({ limit: 1 })),
      content: await refused(() => client.content.v1.contents.create({ language: "en", types: {} })),
    },
  }));
};

// A webhook's signature, checked as Twilio's Node library does: "verify", its header, address and fields.
if (process.argv[2] === "verify") {
  const [, signature, url, fields] = process.argv.slice(2);
  console.log(JSON.stringify(twilio.validateRequest(process.argv[6], signature, url, JSON.parse(fields))));
} else {
  main().catch((error) => {
    console.error(error);
    process.exit(1);
  });
}
