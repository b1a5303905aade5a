"""Sends TCP segments that connection tracking takes for invalid, each from a port of
its own: SYN with FIN, and SYN with a wrong checksum. Arguments: source, destination."""

import socket
import struct
import sys

SYN, FIN = 0x02, 0x01


def checksum(data: bytes) -> int:
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def segment(source: bytes, target: bytes, port: int, flags: int, error: int) -> bytes:
    def header(check: int) -> bytes:
        return struct.pack("!HHIIBBHHH", port, 80, 1, 0, 5 << 4, flags, 65535, check, 0)

    pseudo = source + target + struct.pack("!BBH", 0, socket.IPPROTO_TCP, 20)
    return header(checksum(pseudo + header(0)) ^ error)


source, target = (socket.inet_aton(address) for address in sys.argv[1:3])
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
for port in range(40000, 40003):
    raw.sendto(segment(source, target, port, SYN | FIN, 0), (sys.argv[2], 0))
for port in range(40003, 40006):
    raw.sendto(segment(source, target, port, SYN, 0x5555), (sys.argv[2], 0))
