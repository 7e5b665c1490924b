import sys
A = {"N": 100}
A.update((a.split("=")[0], int(a.split("=")[1].replace("_", ""))) for a in sys.argv[1:])
N = A["N"]
from multiprocessing import Process, Semaphore


def go(own, other, first):
    for _ in range(N):
        if first:
            other.release()
        own.acquire()
        if not first:
            other.release()


if __name__ == "__main__":
    there, back = Semaphore(0), Semaphore(0)
    all = [Process(target=go, args=(back, there, True)), Process(target=go, args=(there, back, False))]
    for one in all:
        one.start()
    for one in all:
        one.join()
