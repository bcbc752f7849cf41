#!/bin/bash
#SBATCH --time=1:00:00
module load python/3.11
pip install --user numpy
