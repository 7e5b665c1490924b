import multiprocessing as mp
def child():
    pass
if __name__ == "__main__":
    for _ in range(200):
        p = mp.Process(target=child)
        p.start()
        p.join()
    print("done")
