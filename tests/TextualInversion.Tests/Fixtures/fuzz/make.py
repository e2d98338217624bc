# The files that ContainerFuzzTests damages. Made with torch 2.13, safetensors and Pillow, in this folder: python make.py
# leftovers.* hold by hand what trainers leave beside tensors, zip64.* a list of files in 64 bits.
import base64, collections, io, json, struct, zipfile, zlib
import torch
from PIL import Image, PngImagePlugin
from safetensors.torch import save_file

rows = torch.arange(6.).reshape(2, 3) / 8
big = torch.arange(24.).reshape(4, 6) / 8


def web_ui(value):
    return {"string_to_token": {"*": 265}, "string_to_param": {"*": value}, "name": "my-cat", "step": 99, "sd_checkpoint": None, "sd_checkpoint_name": "v1"}


def paper(value):
    parameters = torch.nn.ParameterDict()
    parameters["*"] = torch.nn.Parameter(value)
    return {"string_to_token": {"*": torch.tensor(265)}, "string_to_param": parameters}


layer = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_q"  # (64, 64) in tests/goldens/models/sd1
lora = {f"{layer}.lora_down.weight": torch.ones(2, 64).half(), f"{layer}.lora_up.weight": torch.ones(64, 2).half(),
        f"{layer}.alpha": torch.tensor(1.), f"{layer}.dora_scale": torch.ones(64, 1)}
values = {
    "diffusers": {"<my-cat>": rows},
    "row": {"<my-cat>": rows[0].clone()},
    "half": {"<my-cat>": rows.half()},
    "bfloat16": {"<my-cat>": torch.nn.Parameter(rows.bfloat16())},
    "strided": {"<my-cat>": big[1:3, ::2]},
    "transposed": collections.OrderedDict([("<my-cat>", big[:, :2].double().t())]),
    "webui": web_ui(rows),
    "paper": paper(rows.clone()),
    "sdxl": {"clip_l": rows, "clip_g": torch.ones(2, 4)},
    "bare": rows,
    "list": [{"<my-cat>": rows}],
    "lora": lora,
    "mixed": {"state_dict": {"a": rows, "b": torch.tensor(7), "c": torch.zeros(0, 7, dtype=torch.bool)}, "epoch": 3, "l": [1, None, True, "ä\n"], "f": -1.5, "size": torch.Size([1]), "device": torch.device("cpu")},
}


def leftovers(reference):
    tensor = lambda offset, shape, strides: b"ctorch._utils\n_rebuild_tensor_v2\n(" + reference + b"K" + bytes([offset]) + b"(" + b"".join(b"K" + bytes([n]) for n in shape) + b"t(" + b"".join(b"K" + bytes([n]) for n in strides) + b"t\x89ccollections\nOrderedDict\n)RtR"
    return (b"}(U\x03row" + tensor(3, [3], [1]) + b"U\x0atransposed" + tensor(0, [3, 2], [1, 3]) + b"q\x07U\x05againh\x07U\x05epochK\x03"
            + b"U\x09callbacks}cpytorch_lightning.callbacks.model_checkpoint\nModelCheckpoint\n](K\x01I2\nL3L\nF1.5\nV\\u00e4\nes"
            + b"U\x06objectctorch.nn.modules.container\nParameterDict\n)\x81}X\x01\0\0\0aNsbu")


storage = b"(U\x07storagectorch\nFloatStorage\nU\x010U\x06cuda:0K\x06tQ"
six = struct.pack("<6f", *range(6))


def archive(name, entries, compression):
    with zipfile.ZipFile(name, "w", compression) as file:
        for entry, content in entries:
            file.writestr(zipfile.ZipInfo(entry), content, compression)


for name, value in values.items():
    torch.save(value, f"zip/{name}.pt")
    if name != "paper": torch.save(value, f"pickle/{name}.pt", _use_new_zipfile_serialization=False)  # it would hold its class's source
torch.save(values["mixed"], "zip/protocol5.pt", pickle_protocol=5)
torch.save(values["mixed"], "pickle/protocol5.pt", pickle_protocol=5, _use_new_zipfile_serialization=False)
torch.save(values["diffusers"], "pickle/protocol1.pt", pickle_protocol=1, _use_new_zipfile_serialization=False)
entries = [("m/data.pkl", b"\x80\x02" + leftovers(storage) + b"."), ("m/byteorder", b"little"), ("m/data/0", six), ("m/version", b"3\n")]
archive("zip/leftovers.pt", entries, zipfile.ZIP_STORED)
archive("zip/deflated.pt", entries, zipfile.ZIP_DEFLATED)
legacy = open("pickle/bare.pt", "rb").read()
head = legacy[: legacy.index(b"\x80\x02", legacy.index(b"little_endian") + 40)]
head = head[: head.rindex(b".") + 1]
open("pickle/leftovers.pt", "wb").write(head + b"\x80\x02" + leftovers(storage) + b".\x80\x02](U\x010e." + struct.pack("<q", 6) + six)


def wide(source, target):
    """The same archive with all numbers of its list in 64 bits."""
    data = open(source, "rb").read()
    end = data.rindex(b"PK\5\6")
    count, size, offset = struct.unpack("<HII", data[end + 10:end + 20])
    listed, at = b"", offset
    for _ in range(count):
        header = bytearray(data[at:at + 46])
        stored, full = struct.unpack("<II", header[20:28])
        name, extra, comment = struct.unpack("<HHH", header[28:34])
        place = struct.unpack("<I", header[42:46])[0]
        header[20:28] = b"\xff" * 8
        header[30:32] = struct.pack("<H", 28)
        header[42:46] = b"\xff" * 4
        listed += bytes(header) + data[at + 46:at + 46 + name] + struct.pack("<HHQQQ", 1, 24, full, stored, place)
        at += 46 + name + extra + comment
    place = offset + len(listed)
    end64 = struct.pack("<IQHHIIQQQQ", 0x06064b50, 44, 45, 45, 0, 0, count, count, len(listed), offset)
    open(target, "wb").write(data[:offset] + listed + end64 + struct.pack("<IIQI", 0x07064b50, 0, place, 1) + struct.pack("<IHHHHIIH", 0x06054b50, 0, 0, 0xffff, 0xffff, 0xffffffff, 0xffffffff, 0))


wide("zip/leftovers.pt", "zip/zip64.pt")

save_file({"<my-cat>": rows}, "safetensors/diffusers.safetensors", {"format": "pt", "base_model": "v1", "steps": "7"})
save_file({"emb_params": rows.half()}, "safetensors/webui.safetensors", {"trigger": "<my-cat>"})
save_file(lora, "safetensors/lora.safetensors", {"ss_network_module": "networks.lora"})
save_file({"clip_l": rows, "clip_g": torch.ones(2, 4)}, "safetensors/sdxl.safetensors", {"trigger": "<my-cat>"})
save_file({"bf16": rows.bfloat16()}, "safetensors/bfloat16.safetensors")
save_file({name: torch.ones(2, 1, 3).to(kind) for name, kind in [("d", torch.float64), ("l", torch.int64), ("i", torch.int32), ("s", torch.int16), ("b", torch.int8), ("u", torch.uint8), ("o", torch.bool)]}
          | {"scalar": torch.tensor(1.), "ä \"\n": torch.ones(1)}, "safetensors/types.safetensors")

card = json.dumps(web_ui({"TORCHTENSOR": rows.tolist()})).encode()
text = base64.b64encode(card).decode()


def picture(name, image, latin=None, unicode=None):
    info = PngImagePlugin.PngInfo()
    if latin: info.add_text("sd-ti-embedding", latin)
    if unicode: info.add_itxt("sd-ti-embedding", unicode)
    image.save(f"png/{name}.png", pnginfo=info)


picture("text", Image.new("L", (4, 4), 90), latin=text)
picture("unicode", Image.new("RGB", (4, 4), "red"), unicode=text)
picture("palette", Image.new("P", (4, 4)), latin=text)


def nibbles(data, width, height):
    """Masked lower halves of width x height pixels of three colours, row by row."""
    mask, out = 0, []
    for value in data + bytes(width * height * 3 - len(data)):
        mask = (1664525 * mask + 1013904223) & 0xffffffff
        out.append(((value & 15) ^ (mask % 255 & 15)) | 0x30)
    return Image.frombytes("RGB", (width, height), bytes(out))


data, height = zlib.compress(card), 12
width = -(-len(data) // (3 * height))
lower, upper = nibbles(bytes(b & 15 for b in data), width, height), nibbles(bytes(b >> 4 for b in data), width, height)
hidden = Image.new("RGB", (2 * width + 8, height), (0x35, 0x46, 0x57))
hidden.paste(lower, (0, 0))
hidden.paste((0x30, 0x30, 0x30), (width, 0, width + 1, height))
hidden.paste((0x30, 0x30, 0x30), (width + 7, 0, width + 8, height))
hidden.paste(upper, (width + 8, 0))
picture("hidden", hidden)
