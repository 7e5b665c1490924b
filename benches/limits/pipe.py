import sys
A = {"N": 100}
A.update((a.split("=")[0], int(a.split("=")[1].replace("_", ""))) for a in sys.argv[1:])
N = A["N"]
from multiprocessing import Pipe, Process

SIZE = A.get("SIZE", 0)


def a(x):
    message = "x" * SIZE
    for _ in range(N):
        x.send(message)
        x.recv()


def b(y):
    for _ in range(N):
        y.send(y.recv())


if __name__ == "__main__":
    x, y = Pipe()
    all = [Process(target=a, args=(x,)), Process(target=b, args=(y,))]
    for one in all:
        one.start()
    for one in all:
        one.join()
