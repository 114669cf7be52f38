"""What those who host circles do by text: start one, mind members, pair them anew, be away, hand it on."""
