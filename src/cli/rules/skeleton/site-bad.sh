#!/bin/bash
#SBATCH --tiem=1:00:00
cd /project/@ID@/data
