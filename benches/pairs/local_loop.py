def work(n):
    s = i = 0
    while i < n:
        s += i * 2 % 7
        i += 1
    return s
print(work(3000000))
