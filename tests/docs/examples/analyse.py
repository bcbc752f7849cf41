import argparse
from multiprocessing import Pool, cpu_count as cores
try:
    import mpi4py
except ImportError:
    mpi4py = None

args = argparse.ArgumentParser().parse_args()
if __name__ == '__main__':
    with Pool(processes=cores() - 1) as pool:
        print(pool)
    workers = Pool(4)
