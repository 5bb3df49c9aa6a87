"""What submissions try: each entry is the code of one cell, and one trick.

`TRICKS` answer nothing and deserve nothing. `UNLUCKY` stand beside right answers and deserve all.
"""

# sends to the referee what it likes
_SEND = """
import dlcourse.grading.wire as wire, json, struct
def forge(make):
    def send(connection, message, seconds=None):
        body = make(message)
        connection.sendall(struct.pack("!I", len(body)) + body)
    wire.send = send
"""

TRICKS = {
    "memory_of_many": """
import os, time
import numpy as np
for _ in range(4):
    if os.fork() == 0:
        mine = np.ones(1 << 27)
        time.sleep(60)
time.sleep(60)
""",
    # tampering with the notebook's machinery
    "input_transformer": """
get_ipython().input_transformers_cleanup.append(
    lambda lines: ["2.0\\n"] if lines and "check(" in lines[0] else lines)
""",
    "ast_transformer": """
import ast
class Points(ast.NodeTransformer):
    def visit_Call(self, node):
        return ast.Constant(2.0) if getattr(node.func, "id", "") == "check" else node
get_ipython().ast_transformers.append(Points())
""",
    "cell_hook": """
def hook(info):
    info.raw_cell = "2.0"
get_ipython().events.register("pre_run_cell", hook)
""",
    "run_cell_overridden": """
shell = type(get_ipython())
run = shell.run_cell
shell.run_cell = lambda self, source, *a, **k: run(self, "2.0", *a, **k)
""",
    "check_redefined": "check = lambda name: 2.0",
    "check_class_patched": """
from dlcourse.checks import Check
Check.__call__ = lambda self, name: 2.0
""",
    "forged_record": """
from IPython.display import publish_display_data
publish_display_data({"application/vnd.dlcourse.verdict+json": {
    "name": "residuals", "status": "passed", "points": 2, "max_points": 2}, "text/plain": "2.0"})
2.0
""",
    # patched libraries
    "difference_patched": """
import dlcourse.checks.compare, dlcourse.checks.judge
dlcourse.checks.compare.difference = dlcourse.checks.judge.difference = lambda *a, **k: None
def residuals(w, x, y):
    return 0
""",
    "judge_patched": """
import dlcourse.checks.judge as judge, dlcourse.checks.session as session
session.judge_code = judge.judge = lambda checks, *a: judge.Verdict(checks.name, "passed", 2.0, 2.0)
def residuals(w, x, y):
    return 0
""",
    "evaluate_patched": """
import dlcourse.checks.evaluate as e, dlcourse.grading.shell as shell
shell.evaluate = e.evaluate = lambda *a, **k: e.Outcome(value=True)
def residuals(w, x, y):
    return 0
""",
    "numpy_comparisons_patched": """
import numpy as np
np.allclose = np.array_equal = np.isclose = lambda *a, **k: True
def residuals(w, x, y):
    return np.zeros((3, 5))
""",
    "asarray_patched": """
import numpy as np
np.asarray = lambda *a, **k: 0
def residuals(w, x, y):
    return 0
""",
    "generator_patched": """
import numpy as np
class Zeros:
    def normal(self, *a, size=None, **k):
        return np.zeros(size or ())
    integers = normal
np.random.default_rng = lambda seed=None: Zeros()
def residuals(w, x, y):
    return np.zeros((len(w), len(x)))
""",
    "builtins_patched": """
import builtins
builtins.isinstance = lambda *a: True
builtins.len = lambda a: 1
def residuals(w, x, y):
    return 0
""",
    "json_patched": """
import json
dumps = json.dumps
json.dumps = lambda m, **k: dumps({"value": True, "raised": None, "message": "", "printed": "",
                                   "warned": [], "mutated": [], "passed": True, "points": 2})
def residuals(w, x, y):
    return 0
""",
    "modules_swapped": """
import sys, types
fake = types.ModuleType("dlcourse.checks")
fake.check = lambda name: 2.0
sys.modules["dlcourse.checks"] = fake
def residuals(w, x, y):
    return 0
""",
    # objects that pretend
    "equals_everything": """
class Everything:
    shape, ndim, size, dtype = (3, 5), 2, 15, float
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __array__(self, *a, **k): raise RuntimeError
    def __float__(self): return 1.0
def residuals(w, x, y):
    return Everything()
""",
    "array_that_equals_everything": """
import numpy as np
class Yes(np.ndarray):
    def __eq__(self, other): return np.ones(self.shape, bool)
    def __sub__(self, other): return np.zeros(self.shape)
    __rsub__ = __sub__
def residuals(w, x, y):
    return np.zeros((len(w), len(x))).view(Yes)
""",
    "float_that_lies": """
class Lie(float):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
def residuals(w, x, y):
    return [[Lie(0) for _ in x] for _ in w]
""",
    "dict_that_lies": """
class Facts(dict):
    def __getitem__(self, key): return True
    def __eq__(self, other): return True
def versions():
    return Facts()
""",
    "callable_instance": """
class Residuals:
    def __call__(self, *a): return self
    def __getattr__(self, name): return self
    def __len__(self): return 3
    def __getitem__(self, i): return self
residuals = Residuals()
""",
    "all_nan": """
import numpy as np
def residuals(w, x, y):
    return np.full((len(w), len(x)), np.nan)
""",
    "visible_cases_learned_by_heart": """
import json
def residuals(w, x, y):
    for case in json.load(open("checks.json"))["exercises"]["residuals"]["cases"]:
        if f"{len(w)}" in case["call"] or len(x) == case["expected"]["value"]["shape"][1]:
            value = case["expected"]["value"]
            import numpy as np
            if value["shape"] == [len(w), len(x)]:
                return np.reshape(value["array"], value["shape"])
""",
    # reading what is not theirs: prints LEAK if it finds something
    "reads_solutions": """
import glob
found = [p for p in glob.glob("/**/exercises.py", recursive=True)]
print("LEAK" if found else "nothing")
""",
    "reads_other_submissions": """
import os, sys
names = [name for root, folders, files in os.walk("/") if "site-packages" not in root
         for name in folders + files]
print("LEAK" if {"gradebook.db", "submitted", "autograded"} & set(names) else "nothing")
""",
    "reads_parent_environment": """
import os
for pid in os.listdir("/proc"):
    if pid.isdigit():
        text = open(f"/proc/{pid}/environ").read()
        if "PYTEST" in text or "SOLUTIONS" in text:
            print("LEAK")
""",
    "reads_parent_memory": """
import os
for pid in os.listdir("/proc"):
    if pid.isdigit() and int(pid) != os.getpid():
        for file in ("mem", "environ", "maps", "stack", "auxv"):
            try:
                if open(f"/proc/{pid}/{file}", "rb").read(1):  # of the kernel's threads: nothing
                    print("LEAK", file)
            except OSError as error:
                print("LEAK" if error.errno == 5 else "", file)  # open, but not from its beginning
""",
    "reads_expected_values_in_memory": """
import gc
from dlcourse.checks.spec import Case
found = [o for o in gc.get_objects() if isinstance(o, Case) and o.hidden]
print("LEAK" if found else "nothing")
""",
    "walks_the_frames": """
import sys
def residuals(w, x, y):
    frame = sys._getframe()
    while frame:
        for name in ("expected", "case", "checks", "key"):
            if name == "expected" and name in frame.f_locals:
                print("LEAK")
                return frame.f_locals[name]
        frame = frame.f_back
""",
    "open_file_descriptors": """
import os
for fd in range(3, 200):
    try:
        target = os.readlink(f"/proc/self/fd/{fd}")
    except OSError:
        continue
    if ".db" in target or "solutions" in target:
        print("LEAK")
""",
    # writing what is not theirs
    "writes_gradebook": """
for path in ("gradebook.db", "../gradebook.db", "/gradebook.db"):
    try:
        open(path, "w").write("x")
    except OSError:
        pass
""",
    "writes_the_package": """
import dlcourse
for path in (dlcourse.__file__, dlcourse.__path__[0] + "/x.py"):
    try:
        open(path, "a").write("x")
        print("LEAK")
    except OSError:
        pass
""",
    "writes_startup_files": """
import os, pathlib
for home in ("/root", os.path.expanduser("~")):
    try:
        folder = pathlib.Path(home) / ".ipython/profile_default/startup"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "hostile.py").write_text("check = lambda name: 2.0")
    except OSError:
        pass
""",
    "writes_configuration": """
try:
    open("nbgrader_config.py", "w").write("c = get_config()")
    open("checks.json", "w").write("{}")
except OSError:
    pass
""",
    # exhausting
    "endless_cell": "while True:\n    pass",
    "endless_answer": "def residuals(w, x, y):\n    while True:\n        pass",
    "swallows_time_limits": """
import signal
def residuals(w, x, y):
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    while True:
        pass
""",
    "sleeps": "import time\ntime.sleep(3600)",
    "memory": "hog = []\nwhile True:\n    hog.append(bytearray(100_000_000))",
    "memory_and_goes_on": """
hog = []
try:
    while True:
        hog.append(bytearray(100_000_000))
except MemoryError:
    pass
""",
    "address_space_and_goes_on": """
import mmap
hog = []
for size in (100_000_000, 1_000_000, 4096):
    try:
        while True:
            hog.append(mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
    except OSError:
        pass
""",
    "memory_at_once": "hog = bytearray(1 << 40)",
    "disk": """
try:
    with open("/tmp/hog", "wb") as file:
        while True:
            file.write(b"x" * 10_000_000)
except OSError:
    pass
""",
    "many_files": """
try:
    files = [open(f"/tmp/{i}", "w") for i in range(100_000)]
except OSError:
    pass
""",
    "output": "for _ in range(100_000):\n    print('x' * 1000)",
    "outputs": "from IPython.display import display\nfor i in range(20_000):\n    display(i)",
    "threads": """
import threading, time
try:
    for _ in range(100_000):
        threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
except RuntimeError:
    pass
""",
    "processes": """
import os, time
try:
    while True:
        if os.fork() == 0:
            time.sleep(1000)
except OSError:
    pass
""",
    "fork_bomb": """
import os
for _ in range(16):
    try:
        os.fork()
    except OSError:
        pass
""",
    "huge_value": "def residuals(w, x, y):\n    return list(range(10**7))",
    "endless_value": """
def residuals(w, x, y):
    while True:
        yield 1
""",
    "nested_value": """
def residuals(w, x, y):
    nested = []
    for _ in range(100_000):
        nested = [nested]
    return nested
""",
    "recursion": "import sys\nsys.setrecursionlimit(10**9)\ndef f():\n    return f()\nf()",
    # dying and killing
    "exits_hard": "import os\nos._exit(0)",
    "exits": "raise SystemExit",
    "exits_in_answer": "import os\ndef residuals(w, x, y):\n    os._exit(0)",
    "segfault": "import ctypes\nctypes.string_at(0)",
    "kills_parent": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
    "kills_everybody": "import os, signal\nos.kill(-1, signal.SIGKILL)",
    "closes_descriptors": "import os\nos.closerange(0, 1000)",
    "writes_to_descriptors": """
import os
for fd in range(3, 100):
    try:
        os.write(fd, b'\\x00\\x00\\x00\\x10{"value": 1.0}   ')
    except OSError:
        pass
""",
    # hiding
    "daemon": """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(1000)
    os._exit(0)
""",
    "process_that_ignores_signals": """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import signal, time; [signal.signal(s, signal.SIG_IGN) "
                  "for s in (1, 2, 15)]; time.sleep(1000)"])
""",
    # leaving the jail
    "network": """
import socket
for address in (("127.0.0.1", 22), ("127.0.0.1", 8786), ("1.1.1.1", 53)):
    try:
        socket.create_connection(address, 1)
        print("LEAK")
    except OSError:
        pass
""",
    "becomes_root": """
import os
try:
    os.setuid(0)
    print("LEAK" if os.getuid() == 0 else "nothing")
except OSError:
    pass
""",
    "remounts": """
import ctypes
libc = ctypes.CDLL(None)
print("LEAK" if libc.mount(b"none", b"/usr", b"", 32 | 4096, b"") == 0 else "nothing")
print("LEAK" if libc.umount2(b"/usr", 2) == 0 else "nothing")
""",
    "new_namespaces": """
import ctypes
print("LEAK" if ctypes.CDLL(None).unshare(0x10000000) == 0 else "nothing")
""",
    "traces": """
import ctypes
print("LEAK" if ctypes.CDLL(None).ptrace(16, 1, 0, 0) == 0 else "nothing")
""",
    # forged messages, and what no size shows
    "displays_a_dict_as_text": """
from IPython.display import display
display({"text/plain": {"a": "[/b]"}}, raw=True)
""",
    "forged_negative_count": _SEND
    + """
forge(lambda m: json.dumps({**m, "execution_count": -1} if "outputs" in m else m).encode())
""",
    "forged_result_with_negative_count": _SEND
    + """
bad = [{"output_type": "execute_result", "data": {"text/plain": "1"}, "execution_count": -3}]
forge(lambda m: json.dumps({**m, "outputs": bad} if "outputs" in m else m).encode())
""",
    "half_a_character_as_raw_bytes": _SEND
    + r"""
text = (b'{"outputs":[{"output_type":"stream","name":"stdout","text":"\xed\xa0\x80"}],'
        b'"failed":false,"execution_count":1}')
forge(lambda m: text if "outputs" in m else json.dumps(m).encode())
""",
    "half_a_character_in_utf_16": _SEND
    + r"""
bad = {"outputs": [{"output_type": "stream", "name": "stdout", "text": "\ud800"}],
       "failed": False, "execution_count": 1}
forge(lambda m: json.dumps(bad).encode("utf-16-le") if "outputs" in m else json.dumps(m).encode())
""",
    "error_that_is_half_a_character_and_markup": _SEND
    + r"""
forge(lambda m: b'{"error": "\xed\xa0\x80 [/b]"}')
""",
    "values_nested_to_the_edge": _SEND
    + """
depth = [380]
rest = b'"warned":[],"mutated":[]}'
def make(m):
    if "mutated" not in m:
        return json.dumps(m).encode()
    depth[0] += 1
    value = b"[" * depth[0] + b"]" * depth[0]
    return b'{"value":' + value + b',"raised":null,"message":"","printed":"",' + rest
forge(make)
def residuals(w, x, y):
    return 1
""",
    "sixty_megabytes_of_empty_lists": _SEND
    + """
body = (b'{"value":[' + b"[]," * 20_000_000 + b'[]],"raised":null,"message":"","printed":"",'
        b'"warned":[],"mutated":[]}')
forge(lambda m: body if "mutated" in m else json.dumps(m).encode())
def residuals(w, x, y):
    return 1
""",
    "large_display": """
from IPython.display import display
display({"text/plain": "x" * 40_000_000}, raw=True)
""",
    "exception_with_a_long_name": "raise type('E' * 3_000_000, (Exception,), {})",
    "memory_in_files_without_a_name": """
import os
files = [os.memfd_create("x") for _ in range(24)]
for file in files:
    for _ in range(250):
        os.write(file, b"x" * (1 << 20))
""",
    "memory_in_system_v_segments": """
import ctypes
libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
for _ in range(12):
    segment = libc.shmget(0, ctypes.c_size_t(400 << 20), 0o1600)
    address = libc.shmat(segment, None, 0)
    ctypes.memset(address, 1, 400 << 20)
    libc.shmdt(ctypes.c_void_p(address))
""",
    "memory_in_sockets": """
import socket
pairs = []
while True:
    a, b = socket.socketpair()
    pairs.append((a, b))
    a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)
    a.setblocking(False)
    try:
        while True:
            a.send(b"x" * 65536)
    except BlockingIOError:
        pass
""",
    "clones_into_new_namespaces": """
import ctypes, os
libc = ctypes.CDLL(None)
pid = libc.syscall(56, 0x10000000 | 0x00020000 | 17, 0, 0, 0, 0)  # user and mount, x86-64
if pid == 0:
    os._exit(0)
print("LEAK" if pid > 0 else "refused")
""",
    "forgets_to_die_with_its_parent": """
import ctypes, signal, time
ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)  # for a test that kills the grader meanwhile
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
time.sleep(3600)
""",
}

UNLUCKY = {
    "module_beside_the_notebook": "import helper\nassert helper.one == 1",
    "nested_too_deeply_to_compile": "x = a" + ".a" * 3000,
    "prints_half_a_character": "print('\\ud800'); raise ValueError('\\udfff')",
    "displays_what_is_nested_deeply": """
from IPython.display import publish_display_data
data = {}
for _ in range(700):
    data = {"a": data}
publish_display_data({"application/json": data})
""",
    "a_chain_too_long_for_recursion": "def unused(a):\n    return a" + ".a" * 1500,
    "warns": "import warnings\nwarnings.warn('careful')",
    "prints_to_stderr": "import sys\nprint('oh', file=sys.stderr)",
    "thread_that_prints": """
import threading, time
def talk():
    for _ in range(50):
        print("still here")
        time.sleep(0.01)
threading.Thread(target=talk, daemon=True).start()
""",
    "asks_for_input": "name = input('Your name? ')",
    "says_exit": "exit()",
    "says_quit": "quit()",
    "changes_folder": "import os\nos.chdir('/tmp')",
    "closes_stdout": "import sys\nsys.stdout.close()",
    "plots": "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3]);",
    "other_backend": "import matplotlib\nmatplotlib.use('Agg')",
    "progress_bar": """
import sys, time
for i in range(20):
    sys.stdout.write(f"\\r{i}")
    sys.stdout.flush()
""",
    "warnings_as_errors": "import warnings\nwarnings.simplefilter('error')",
    "numpy_errors_raise": "import numpy as np\nnp.seterr(all='raise')",
    "magic": "%timeit -n1 -r1 1 + 1",
    "shell_line": "!echo hello",
    "top_level_await": "import asyncio\nawait asyncio.sleep(0.01)",
    "seeds_globally": "import numpy as np, random\nnp.random.seed(0)\nrandom.seed(0)",
    "shadows_builtins": "list = [1, 2]\nsum = 3\ninput = 4\nid = 5",
    "names_of_ours": "case = key = expected = checks = names = 1",
    "an_error": "1 / 0",
}
