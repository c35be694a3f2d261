import sys


def main():
    print("python says", *sys.argv[1:])
