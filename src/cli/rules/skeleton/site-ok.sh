#!/bin/bash
#SBATCH --time=1:00:00
cd /project/@ID@/data
