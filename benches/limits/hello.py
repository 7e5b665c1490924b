from multiprocessing import Process


def p():
    print("hello")


if __name__ == "__main__":
    one = Process(target=p)
    one.start()
    one.join()
