import sys
A = {"N": 100}
A.update((a.split("=")[0], int(a.split("=")[1].replace("_", ""))) for a in sys.argv[1:])
N = A["N"]
from threading import Thread


def t():
    pass


for _ in range(N):
    one = Thread(target=t)
    one.start()
    one.join()
