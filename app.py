"""The Gradio app's entry: `python app.py` is `careerbot serve`."""

from careerbot.cli import app

if __name__ == "__main__":
    app(["serve"])
