import sys
A = {"N": 100}
A.update((a.split("=")[0], int(a.split("=")[1].replace("_", ""))) for a in sys.argv[1:])
N = A["N"]
from queue import Queue
from threading import Thread

q = Queue(1024)


def giver():
    for i in range(N):
        q.put(i)


def taker():
    for _ in range(N):
        q.get()


all = [Thread(target=giver), Thread(target=taker)]
for one in all:
    one.start()
for one in all:
    one.join()
