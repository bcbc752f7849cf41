#!/bin/bash
#SBATCH --time=1:00:00
module load python/3.11
source "$HOME/env/bin/activate"
pip install numpy
echo "not with pip install --user numpy"
