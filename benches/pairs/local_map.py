def main():
    m = {}
    for i in range(1500000):
        k = i % 1000
        m[k] = m.get(k, 0) + 1
    print(len(m))
main()
