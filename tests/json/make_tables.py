#!/usr/bin/env python3
"""Writes json_errors.txt and repr_doubles.txt beside itself: what CPython 3.11 says. Run by hand when a case is added; the tables are committed.

json_errors.txt: TEXT <tab> OFFSET <tab> MESSAGE, or TEXT <tab> ok <tab> COMPACT, where TEXT and COMPACT are UTF-8 in hexadecimal.
repr_doubles.txt: BITS in hexadecimal <tab> repr.
"""
import json
import pathlib
import random
import struct
import sys

here = pathlib.Path(__file__).parent
random.seed(20240131)

documents = [
    '{"name": "Foo", "price": 35.4, "tags": ["a", "b\\n", "\\u00e9\\ud83d\\ude00"], "tax": null, "ok": true, "no": false}',
    '[1, -2, 3.25e-3, [], {}, [[]], {"a": {}}, "x"]',
    ' { "k\u00e9y" : "v\u20ac" , "\\u0041" : [ "\U0001f600" , -0 , 1E5 ] } ',
    '{"a":1,"a":2,"b":{"c":[null,true,false]}}',
    '[NaN, Infinity, -Infinity]',
    '123456789012345678901234567890', '-1.5e+10', '"\\"\\\\\\/\\b\\f\\n\\r\\t"',
    '[\n  1,\n  {\n    "deep":   [\t2 ]\r\n  }\n]\n',
    '{"long key with more than sixteen bytes": "a value that is longer than sixteen bytes, too"}',
    '[9223372036854775807, -9223372036854775808, 9223372036854775808, 18446744073709551615, 18446744073709551616, -9223372036854775809]',
]
broken = [
    '', ' ', '\n', '[', ']', '{', '}', ',', ':', '"', '\\', "'a'", 'nul', 'nulll', 'tru', 'True', 'fals', 'N', 'Na', 'NaNa', 'Inf', '-', '-a', '--1', '+1', '-I',
    '-Infinit', '01', '-01', '1.', '1.e5', '.5', '1e', '1e+', '1.5.5', '0x10', '1 2', '[1', '[1,', '[1,]', '[,]', '[,1]', '[1 2]', '[1}', '{]', '{"a"', '{"a":',
    '{"a":}', '{"a":1', '{"a":1,', '{"a":1,}', '{"a":1,,}', '{,}', '{a:1}', '{1:2}', '{"a" 1}', '{"a":1 "b":2}', '{"a":1]', "{'a':1}", '[1],', '{}x', '"a', '"a\\',
    '"a\\"', '"\\x"', '"\\u"', '"\\u1"', '"\\u12"', '"\\u123"', '"\\u123', '"\\u1234', '"\\u12g4"', '"\\ud800\\u12"', '"\\ud800\\', '"\\ud800\\u', '"\\ud800\\udc0"',
    '"\\ud800\\udc00', '"\\ud800\\udc00"', '"a\nb"', '"a\x00b"', '"a\x1f"', '"a\tb', '"\x7f"', '[1,\x00]', '\x001', '1\x00', '{"a"\x00:1}', '\u00e9', '["\u00e9", \u20ac]',
    '["\u00e9\U0001f600" 1]', '{"\u00e9":"\u20ac\\x"}', '[1]\u00a0', '\u2028[1]', '[1\x0b]', '[1\x0c]', '[[[[', '[{"a":[{', '[1, 2,\n 3,\n]', '{"a": tru}', '{"a": nan}', '[-]',
    '[1.]', '[1e]', '["a" , ]', '[ ]', '{ }', ' [ ] ', '{"a":1 , }', '{"a":1 , "b" }', '{"a" : 1 , "b" : }', '"' + 'x' * 15 + '"', '"' + 'x' * 16, '"' + 'x' * 31 + '\n"',
    '{"abcdefghijklmn":1,"abcdefghijklmno":2,"abcdefghijklmnop":3}', '{"a":1,"bc":2,"d\\u0065f":3                              }', '[1,2,3                                       ',
]


def mutations(text):
    for cut in range(len(text)):
        yield text[:cut]
    for _ in range(60):
        place = random.randrange(len(text))
        letter = random.choice('{}[],:"\\ \n\t0123456789.-+eEuntfaN\x00\x01\u00e9')
        yield text[:place] + letter + text[place + 1:]
        yield text[:place] + letter + text[place:]
        yield text[:place] + text[place + 1:]


def row(text):
    try:
        value = json.loads(text)
        compact = json.dumps(value, separators=(',', ':'), ensure_ascii=False)
        compact.encode()
    except json.JSONDecodeError as error:
        return f'{text.encode().hex()}\t{error.pos}\t{error.msg}\n'
    except UnicodeEncodeError:  # a lone surrogate
        return ''
    return f'{text.encode().hex()}\tok\t{compact.encode().hex()}\n'


def errors():
    texts = dict.fromkeys(documents + broken)
    for document in documents:
        texts.update(dict.fromkeys(mutations(document)))
    return ''.join(map(row, texts))


def doubles():
    values = [0.0, -0.0, 1.0, 0.1, 0.2, 0.3, 1 / 3, 2 / 3, 35.4, 5e-324, 1e-323, 2.2250738585072014e-308, 2.225073858507201e-308, 1.7976931348623157e308, 1e15, 1e16,
              9999999999999998.0, 9007199254740991.0, 9007199254740992.0, 9007199254740994.0, 1e17, 1e21, 1e22, 1e23, 9.5e22, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7,
              1.5e-5, 0.00012345, 123456.789, 2**63.0, 2**64.0, 1e100, 1e-100, 9.109e-31, 6.02214076e23, 4.35, 2.675, 299792458.0, 100000.0001, 0.30000000000000004]
    values += [2.0**e for e in range(-1074, 1024, 13)]
    values += [10.0**e for e in range(-323, 309)]
    values += [random.randrange(10**6) / 10**random.randrange(7) for _ in range(300)]
    bits = [struct.unpack('<Q', struct.pack('<d', value))[0] for value in values]
    bits += [random.getrandbits(64) for _ in range(1500)] + [random.getrandbits(52) >> random.randrange(52) for _ in range(300)]
    bits += [exponent << 52 | random.choice([0, 1, 2**52 - 1]) for exponent in range(1, 2047, 3)]
    rows = []
    for pattern in bits:
        value = struct.unpack('<d', struct.pack('<Q', pattern))[0]
        if value == value:
            rows.append(f'{pattern:016x}\t{value!r}\n')
    return ''.join(rows)


if sys.version_info[:2] != (3, 11):
    sys.exit('CPython 3.11 is needed: other versions word errors differently')
(here / 'json_errors.txt').write_text(errors())
(here / 'repr_doubles.txt').write_text(doubles())
