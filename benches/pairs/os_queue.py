import multiprocessing as mp
def producer(q):
    for i in range(50000):
        q.put(i)
    q.put(None)
def consumer(q, done):
    s = 0
    while (x := q.get()) is not None:
        s += x
    done.put(s)
if __name__ == "__main__":
    q, done = mp.Queue(1000), mp.Queue()
    ps = [mp.Process(target=producer, args=(q,)), mp.Process(target=consumer, args=(q, done))]
    for p in ps:
        p.start()
    print(done.get())
    for p in ps:
        p.join()
