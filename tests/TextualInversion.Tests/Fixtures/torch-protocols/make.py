# Made with torch 2.13: python make.py
import torch
value = {"a": torch.arange(6.).reshape(2, 3), "m": torch.nn.Parameter(torch.ones(2)), "last": torch.zeros(1, 2, 2, 2).to(memory_format=torch.channels_last),
         "n": -1.5, "l": [1, None, True, "ä\n"], "s": torch.Size([1, 2]), "d": torch.device("cpu"), "t": torch.float16}
for protocol in range(1, 6):
    torch.save(value, f"zip-{protocol}.pt", pickle_protocol=protocol)
    torch.save(value, f"legacy-{protocol}.pt", pickle_protocol=protocol, _use_new_zipfile_serialization=False)
