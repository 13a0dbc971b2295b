"""Names of the files beside the engine, apart from the code that needs numpy to read them."""

MODEL_FILE = "model.npz"
CARD_FILE = "model.json"
# What a sentence encoder adds, where the extra `ai` is installed and asked for.
ENCODER_FILE = "encoder.npz"
ENCODER_CARD_FILE = "encoder.json"
