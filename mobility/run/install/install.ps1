# Installs into .\env beside this file, without a network. Needs Python 3.11, 3.12 or 3.13: powershell -File install.ps1 [python.exe]
param([string]$Python = "python")
$ErrorActionPreference = "Stop"
$here = Split-Path -Parent $MyInvocation.MyCommand.Path
$version = & $Python -c "import sys; print('%d.%d' % sys.version_info[:2])"
$list = Join-Path $here "requirements-windows-$version.txt"
if (-not (Test-Path $list)) {
    Write-Error "This folder has no packages for Python $version on Windows. Name another Python: install.ps1 C:\path\to\python.exe"
}
foreach ($line in Get-Content (Join-Path $here "SHA256SUMS")) {
    $sum, $name = $line -split "  ", 2
    if ((Get-FileHash -Algorithm SHA256 (Join-Path $here $name)).Hash.ToLower() -ne $sum) { Write-Error "$name is damaged: copy the folder again." }
}
& $Python -m venv (Join-Path $here "env")
$own = Join-Path $here "env\Scripts\python.exe"
& $own -m pip install --quiet --disable-pip-version-check --no-index --no-cache-dir --find-links (Join-Path $here "wheels") --only-binary :all: --require-hashes --requirement $list
if ($LASTEXITCODE -ne 0) { Write-Error "pip could not install; what it said stands above." }
$site = & $own -c "import sysconfig; print(sysconfig.get_paths()['purelib'])"
Set-Content -Path (Join-Path $site "mobility.pth") -Value (Join-Path $here "program") -Encoding ascii
Write-Output "Done. Try: $own $here\program\jobs\doctor.py"
