export PATH=$HOME/miniconda3/bin:$PATH
# >>> conda initialize >>>
# !! Contents within this block are managed by 'conda init' !!
__conda_setup="$('/home/ada/miniconda3/bin/conda' 'shell.bash' 'hook' 2> /dev/null)"
if [ $? -eq 0 ]; then
    eval "$__conda_setup"
else
    if [ -f "/home/ada/miniconda3/etc/profile.d/conda.sh" ]; then
        . "/home/ada/miniconda3/etc/profile.d/conda.sh"
    else
        export PATH="/home/ada/miniconda3/bin:$PATH"
    fi
fi
unset __conda_setup
# <<< conda initialize <<<
# export PATH=/home/ada/anaconda3/bin:$PATH  # commented out by conda initialize
conda activate work  # pydoctor: ignore[conda-activate-unready, no-such-rule] until=2999-12-31 -- until the move
