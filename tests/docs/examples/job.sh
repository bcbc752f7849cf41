#!/bin/bash -l
#SBATCH --time=1:00:00 --nodes=2 --ntasks=8 --ntasks-per-node=4 --cpus-per-task=2
#SBATCH -A def-ada --partition=gpu --gres=gpu:1 --mem=8G --constraint=a100 --array=1-4
#SBATCH --memb=4G
#SBATCH --output=$HOME/x.log
#SBATCH --account=<account>
#SBATCH --exclusive --export=NONE
#SBATCH --job=train
#SBATCH --mem-per-cpu=4G
#SBATCH --constraint
set -eu
module load python/3.11 scipy-stack/2023b   # the versions of the paper
module swap gcc/9.3.0 GCC/12.3.0
module load SciPy-bundle
ENV=$SCRATCH/env
virtualenv --no-download $ENV
. ~/.bashrc
source $ENV/bin/activate
cd $SCRATCH/run
pip install --no-index "numpy==1.26" 'pandas[excel]' | tee pip.log
OMP_NUM_THREADS=2 srun -n 4 python train.py --rank $SLURM_PROCID --mem $SLURM_MEM_PER_NOD > out.txt
sudo bash Miniconda3-latest-Linux-x86_64.sh -b -p $HOME/miniconda3
export PATH=$HOME/bin:$PATH LANG=C
if [[ $1 == old ]]; then
  env -u PYTHONPATH python -m pytest $SLURM_NTASKS_PER_NODE
fi
report() { LC_ALL=C conda install conda-forge::scipy=1.11=py311_0; }
alias act='conda activate work'
python -c 'print(1)' && echo done
#SBATCH --mail-type=END
