# Made torch-save.pt with torch 2.13.
import torch

torch.save(
    {
        "string_to_token": {"*": 265},
        "string_to_param": {"*": torch.arange(8, dtype=torch.float32).reshape(2, 4)},
        "parameters": torch.nn.ParameterDict({"*": torch.nn.Parameter(torch.ones(1, 4, dtype=torch.float16))}),
        "token": torch.tensor(265),
        "step": 499,
        "large": 5_000_000_000,
        "negative": -3,
        "name": "my-cat ä",
        "none": None,
    },
    "torch-save.pt",
)
