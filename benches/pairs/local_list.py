def main():
    xs = []
    for i in range(1500000):
        xs.append(i * i)
    s = 0
    for x in xs:
        s += x
    print(s)
main()
