"""Writes python.txt: what json.dumps makes of bodies, and signatures of that.

A line is a name, the body, its canonical text and the signature in
hexadecimal, with tabs between them. Texts are quoted as in Go. Run it where it
stands:

    python3 vectors.py >python.txt

Text that holds a lone surrogate cannot be encoded as UTF-8. It is encoded with
"surrogatepass", in which json.loads decodes bodies.
"""

import hashlib
import json
import subprocess

ID = '"job_id": "550e8400-e29b-41d4-a716-446655440000"'

BODIES = {
    "typical": b'{"event":"async_job_completed",' + ID.encode() + b',"status":"success","feature":"ocr",'
    b'"subfeature":"ocr_async","provider":"amazon","model":null,"created_at":"2026-04-21T12:00:00+00:00",'
    b'"finished_at":"2026-04-21T12:01:30+00:00","output":{"raw_text":"...","confidence":0.97},'
    b'"user_parameters":{"internal_ref":"order-42"}}',
    "spaces": b' \t\r\n{ "b" : [ 1 , 2 ] ,\n"a" : { } }\n',
    "byte order mark": b'\xef\xbb\xbf{"a":1}',
    "empty containers": b'{"b":{},"a":[],"c":[[],{},[{}],{"x":[]}],"":""}',
    "scalars": b'{"t":true,"f":false,"n":null}',
    "order of names": '{"é":1,"z":2,"\U0001f600":3,"\uffee":4,"ee":5,"e":6,"E":7,"":8,"10":9,"9":10}'.encode(),
    "escaped names": b'{"b":1,"\\u0061":2,"\\n":3,"\\"":4,"\\ud83d\\ude00":5}',
    "escapes": b'{"s":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\\u007f\\u00e9\\u2028\\u2029\\uFFFF"}',
    "raw text": '{"s":"\x7f é \u2028\u2029 \ufeff \U0001f600 </script> &amp;"}'.encode(),
    "surrogate pairs": b'{"s":"\\ud83d\\ude00 \\uD83D\\uDE00"}',
    "lone surrogates": b'{"high":"\\ud800","low":"\\udfff!","swapped":"\\ude00\\ud83d","twice":"\\ud83d\\ud83d\\ude00","\\udc00":1,"\\uffff":2}',
    "halves, one of them raw": b'{"s":"\\ud83d\xed\xb8\x80"}',
    "integers": b'{"i":[0,-0,-1,9007199254740993,9223372036854775807,-9223372036854775808,18446744073709551615]}',
    "big integers": b'{"i":[18446744073709551616,-9223372036854775809,123456789012345678901234567890]}',
    "floats": b'{"f":[0.0,-0.0,1.0,1.50,0.1,100.25,-2.5,0e0,-0e5,1E2,1e+2,10e-1,3.141592653589793]}',
    "small floats": b'{"f":[0.001,0.0001,0.00012,0.00001,0.000012,0.000001,1e-7,1.234e-9,1e-10,1e-100,5e-324,1e-400]}',
    "large floats": b'{"f":[1e15,999999999999999.9,1e16,1.5e16,1e17,12345678901234567.0,1e21,1e22,1e23,1.7976931348623157e308]}',
    "not finite": b'{"f":[NaN,Infinity,-Infinity,1e400,-1e400]}',
    "more digits than a float has": b'{"f":[0.1000000000000000055511151231257827,2.00000000000000011102230246251565]}',
    "not an object": b'[1,"a",[]]',
    "a number": b"-1.0e-5",
    "deep": b'{"d":' + b"[" * 60 + b'{"x":1e-5}' + b"]" * 60 + b"}",
}


def go_quote(text):
    out = []
    for c in text:
        if c in b'"\\':
            out.append("\\" + chr(c))
        elif 0x20 <= c < 0x7F:
            out.append(chr(c))
        else:
            out.append("\\x%02x" % c)
    return '"' + "".join(out) + '"'


def sign(canonical):
    digest = hashlib.sha256(canonical).hexdigest().encode()
    command = ["openssl", "dgst", "-sha256", "-sign", "key.pem"]
    return subprocess.run(command, input=digest, stdout=subprocess.PIPE, check=True).stdout.hex()


for name, body in BODIES.items():
    text = json.dumps(json.loads(body), indent=2, sort_keys=True, ensure_ascii=False)
    canonical = text.encode("utf-8", "surrogatepass")
    print(name, go_quote(body), go_quote(canonical), sign(canonical), sep="\t")
