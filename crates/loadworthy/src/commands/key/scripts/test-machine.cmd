@echo off
rem For a test machine, as an administrator there: it is made to trust whoever holds one key.
rem Never on a machine that others rely on.
rem   FILE-test-machine.cmd             trust the certificate, switch test mode on; then restart
rem   FILE-test-machine.cmd X.inf       after that: install a package
rem   FILE-test-machine.cmd undo        back again; then restart
setlocal
set CER=%~dp0@CERT@
if "%~1"=="undo" goto undo
if not "%~1"=="" goto install
certutil -f -addstore Root "%CER%" || exit /b 1
certutil -f -addstore TrustedPublisher "%CER%" || exit /b 1
rem Refused while Secure Boot is on: switch that off in the firmware first. Where BitLocker
rem guards the disk, suspend it for one restart: manage-bde -protectors -disable C: -RebootCount 1
bcdedit /set testsigning on || exit /b 1
echo Restart now: shutdown /r /t 0
exit /b 0
:install
pnputil /add-driver "%~1" /install
exit /b %ERRORLEVEL%
:undo
certutil -delstore Root @SHA1@
certutil -delstore TrustedPublisher @SHA1@
bcdedit /set testsigning off
echo Restart now: shutdown /r /t 0
