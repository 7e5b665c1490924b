import sys
A = {"N": 100}
A.update((a.split("=")[0], int(a.split("=")[1].replace("_", ""))) for a in sys.argv[1:])
N = A["N"]
from multiprocessing import Condition, Process, RawValue


def p(c, turn, me):
    for _ in range(N):
        with c:
            c.wait_for(lambda: turn.value == me)
            turn.value = 1 - me
            c.notify()


if __name__ == "__main__":
    c, turn = Condition(), RawValue("i", 0)
    all = [Process(target=p, args=(c, turn, me)) for me in range(2)]
    for one in all:
        one.start()
    for one in all:
        one.join()
