"""The words people answer with, as `words.toml` lists and explains them."""

from assistant.language.word_tables import (
    all_phrases_of,
    by_degree,
    load_table,
    numbers_of,
    phrases_of,
    words_of,
)

_TABLE = load_table("words")

GREETINGS = phrases_of(_TABLE["greetings"])
FLUFF = phrases_of(_TABLE["fluff"]) | GREETINGS
AFTER_STUB = words_of(_TABLE["after_stub"])
COURTESY = phrases_of(_TABLE["courtesy"])

YES_DEGREES = by_degree(_TABLE["yes"])
NO_DEGREES = by_degree(_TABLE["no"])
AGREE_DEGREES = by_degree(_TABLE["agree"])
DISAGREE_DEGREES = by_degree(_TABLE["disagree"])
FIRM_YES = frozenset(tuple(phrase.split()) for phrase in _TABLE["firm"]["yes"])
FIRM_NO = frozenset(tuple(phrase.split()) for phrase in _TABLE["firm"]["no"])
YES = all_phrases_of(YES_DEGREES)
NO = all_phrases_of(NO_DEGREES)
UNSURE = phrases_of(_TABLE["unsure"])
BUT = words_of(_TABLE["but"])
NEGATIVE = words_of(_TABLE["negative"])
RELATIVES = frozenset(word for words in _TABLE["relatives"].values() for word in words)
SOMEONE_ELSE = RELATIVES | frozenset(word for words in _TABLE["someone_else"].values() for word in words)
AFFIRMATIVE = words_of(_TABLE["affirmative"])
YES_EMOJI = frozenset(_TABLE["emoji"]["yes"])
KIND_EMOJI = frozenset(_TABLE["emoji"]["kind"])
NO_EMOJI = frozenset(_TABLE["emoji"]["no"])
UNSURE_EMOJI = frozenset(_TABLE["emoji"]["unsure"])

SKIP = phrases_of(_TABLE["skip"])
SKIP_PARTS = frozenset(phrase for phrase in SKIP if set(phrase) & words_of(_TABLE["skip_words"]))
SKIP_TAILS = phrases_of(_TABLE["skip_tails"])

REFUSING = tuple(pattern for patterns in _TABLE["refusing"].values() for pattern in patterns)

ANSWER_LEADS = phrases_of(_TABLE["answer_leads"])
CHOICE_LEADS = phrases_of(_TABLE["choice_leads"])
CHOICE_TAILS = phrases_of(_TABLE["choice_tails"])
WORD_LEADS = phrases_of(_TABLE["word_leads"])
NOT_BEFORE_NAMES = words_of(_TABLE["not_before_names"])
HEDGES = phrases_of(_TABLE["hedges"])
NEARLY = phrases_of(_TABLE["nearly"])
HOW_MANY = phrases_of(_TABLE["how_many"])
JOINS = words_of(_TABLE["joins"])
NO_GOES_ON = words_of(_TABLE["no_goes_on"])
ASKING = phrases_of(_TABLE["asking"])
ASKING_AFTER = words_of(_TABLE["asking_after"])
RETURNED = phrases_of(_TABLE["returned"])
COMMON = words_of(_TABLE["common"])
VALUE_LEADS = phrases_of(_TABLE["value_leads"])
UNITS = phrases_of(_TABLE["units"])
ORDINALS = numbers_of(_TABLE["ordinals"])
LAST = words_of(_TABLE["last"])

NUMBERS = numbers_of(_TABLE["numbers"])
TENS = numbers_of(_TABLE["tens"])
HUNDREDS = numbers_of(_TABLE["hundreds"])
DIGIT_WORDS = words_of(_TABLE["digit_words"])

NOT_NAMES = words_of(_TABLE["not_names"])
ALSO_NAMES = words_of(_TABLE["also_names"])
STATES_OF_BEING = words_of(_TABLE["states"])
COMMAND_WORDS = words_of(_TABLE["command_words"])
QUESTION_OPENINGS = words_of(_TABLE["question_openings"])
AFTER_A_NAME = words_of(_TABLE["after_a_name"])
NAME_PARTICLES = words_of(_TABLE["name_particles"])

AROUND_A_PLACE = words_of(_TABLE["around_a_place"])
PARTS_OF_A_PLACE = words_of(_TABLE["parts_of_a_place"])
VAGUE_PLACES = words_of(_TABLE["vague_places"])
ARTICLES = words_of(_TABLE["articles"])
SMALL_CODES = words_of(_TABLE["small_codes"])

EVERYDAY_KEYWORDS = words_of(_TABLE["everyday_keywords"])
NO_SLIPS = words_of(_TABLE["no_slips"])
NOT_CODES = words_of(_TABLE["not_codes"])
