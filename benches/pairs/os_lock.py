import multiprocessing as mp
def adder(m, n):
    for _ in range(20000):
        with m:
            n.value += 1
if __name__ == "__main__":
    m, n = mp.Lock(), mp.Value("q", 0, lock=False)
    ps = [mp.Process(target=adder, args=(m, n)) for _ in range(2)]
    for p in ps:
        p.start()
    for p in ps:
        p.join()
    print(n.value)
