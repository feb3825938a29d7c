@echo off
rem For an enterprise that trusts its own publisher: packages install without a question.
rem No kernel loads a driver for that: `loadworthy key new --test` told which versions do.
rem   FILE-enterprise.cmd directory     once, as an administrator of the forest
rem   FILE-enterprise.cmd machine       on each machine, from a start-up script
rem   FILE-enterprise.cmd undo          on each machine
rem By group policy in place of `machine`: Computer Configuration, Policies, Windows Settings,
rem Security Settings, Public Key Policies: import the certificate into Trusted Root
rem Certification Authorities and into Trusted Publishers; then gpupdate /force.
setlocal
set CER=%~dp0@CERT@
if "%~1"=="directory" goto directory
if "%~1"=="machine" goto machine
if "%~1"=="undo" goto undo
echo directory, machine or undo: see the head of this file
exit /b 2
:directory
certutil -f -dspublish "%CER%" RootCA
exit /b %ERRORLEVEL%
:machine
certutil -f -enterprise -addstore Root "%CER%" || exit /b 1
certutil -f -enterprise -addstore TrustedPublisher "%CER%"
exit /b %ERRORLEVEL%
:undo
certutil -enterprise -delstore Root @SHA1@
certutil -enterprise -delstore TrustedPublisher @SHA1@
