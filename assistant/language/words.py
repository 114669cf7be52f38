"""The words people answer with, as `words.toml` lists and explains them."""

from assistant.language.word_tables import load_table, numbers_of, phrases_of, words_of

_TABLE = load_table("words")

FLUFF = phrases_of(_TABLE["fluff"])
COURTESY = phrases_of(_TABLE["courtesy"])

YES = phrases_of(_TABLE["yes"])
NO = phrases_of(_TABLE["no"])
UNSURE = phrases_of(_TABLE["unsure"])
BUT = words_of(_TABLE["but"])
NEGATIVE = words_of(_TABLE["negative"])
AFFIRMATIVE = words_of(_TABLE["affirmative"])
YES_EMOJI = frozenset(_TABLE["emoji"]["yes"])
NO_EMOJI = frozenset(_TABLE["emoji"]["no"])
AGREE = phrases_of(_TABLE["agree"])
DISAGREE = phrases_of(_TABLE["disagree"])

SKIP = phrases_of(_TABLE["skip"])
SKIP_STARTS = words_of(_TABLE["skip_starts"])

CHOICE_LEADS = phrases_of(_TABLE["choice_leads"])
CHOICE_TAILS = phrases_of(_TABLE["choice_tails"])
COMMON = words_of(_TABLE["common"])
ORDINALS = numbers_of(_TABLE["ordinals"])
LAST = words_of(_TABLE["last"])

NUMBERS = numbers_of(_TABLE["numbers"])
TENS = numbers_of(_TABLE["tens"])
HUNDREDS = numbers_of(_TABLE["hundreds"])

NOT_NAMES = words_of(_TABLE["not_names"])
ALSO_NAMES = words_of(_TABLE["also_names"])
STATES_OF_BEING = words_of(_TABLE["states"])
COMMAND_WORDS = words_of(_TABLE["command_words"])
ASKING = words_of(_TABLE["asking"])
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
