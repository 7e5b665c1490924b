def main():
    s = ""
    for i in range(1000000):
        s += f"x{i}"
    print(len(s))
main()
