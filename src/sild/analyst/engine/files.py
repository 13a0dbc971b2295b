"""Names of the files beside the engine, apart from the code that needs numpy to read them."""

MODEL_FILE = "model.npz"
CARD_FILE = "model.json"
