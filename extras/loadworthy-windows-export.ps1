<#
.SYNOPSIS
    Writes what tells why a driver does not install or load, as one JSON document for
    `loadworthy diagnose`.
.DESCRIPTION
    Reads only. Changes nothing on the machine, starts nothing but bcdedit, citool and pnputil, and
    asks no network. Run it in an elevated PowerShell (5.1 or later); what may not be read is left
    out and named in "missing".

        powershell -ExecutionPolicy Bypass -File loadworthy-windows-export.ps1 -Out export.json
        loadworthy diagnose export.json setupapi.dev.log

    The log of setup is not in the document: take %windir%\INF\setupapi.dev.log along.
.PARAMETER Out
    The file to write.
.PARAMETER MaxEvents
    How many events of each log are read, the newest first.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true)][string]$Out,
    [int]$MaxEvents = 2000
)
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$missing = New-Object System.Collections.ArrayList

function Read-Part([string]$Name, [scriptblock]$How) {
    try { & $How } catch { [void]$missing.Add("${Name}: $($_.Exception.Message)"); $null }
}

function Read-Values([string]$Path) {
    if (-not (Test-Path -LiteralPath $Path)) { return $null }
    $key = Get-Item -LiteralPath $Path
    $values = [ordered]@{}
    foreach ($name in $key.GetValueNames()) {
        $value = $key.GetValue($name)
        $values[$name] = if ($value -is [byte[]]) { [BitConverter]::ToString($value) } else { $value }
    }
    $values
}

function Read-Events([string]$Log, [int[]]$Ids) {
    $filter = @{ LogName = $Log }
    if ($Ids) { $filter['Id'] = $Ids }
    @(Get-WinEvent -FilterHashtable $filter -MaxEvents $MaxEvents -ErrorAction SilentlyContinue | ForEach-Object {
        $fields = [ordered]@{}
        $n = 0
        $xml = [xml]$_.ToXml()
        foreach ($data in $xml.SelectNodes("//*[local-name()='EventData']/*|//*[local-name()='UserData']/*/*")) {
            $n++
            $name = $data.GetAttribute('Name')
            if (-not $name) { $name = if ($data.LocalName -eq 'Data') { "param$n" } else { $data.LocalName } }
            $fields[$name] = $data.InnerText
        }
        [ordered]@{
            Id = $_.Id
            ProviderName = $_.ProviderName
            TimeCreated = $_.TimeCreated.ToUniversalTime().ToString('o')
            ActivityId = if ($_.ActivityId) { "$($_.ActivityId)" } else { $null }
            EventData = $fields
        }
    })
}

$state = 'Software\Microsoft\Windows\CurrentVersion\WinTrust\Trust Providers\Software Publishing'

$document = [ordered]@{
    schema = 'loadworthy/windows-export/v1'
    at = (Get-Date).ToUniversalTime().ToString('o')
    os = Read-Part 'os' {
        $os = Get-CimInstance Win32_OperatingSystem
        $version = Read-Values 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
        [ordered]@{
            caption = $os.Caption; build = $os.BuildNumber; revision = $version['UBR']
            release = $version['DisplayVersion']; edition = $version['EditionID']
            architecture = $os.OSArchitecture; sku = $os.OperatingSystemSKU
        }
    }
    secureBoot = Read-Part 'secureBoot' { Confirm-SecureBootUEFI }
    bcd = Read-Part 'bcd' { (& bcdedit.exe /enum '{current}' /v) -join "`n" }
    deviceGuard = Read-Part 'deviceGuard' {
        Get-CimInstance -Namespace root\Microsoft\Windows\DeviceGuard Win32_DeviceGuard |
            Select-Object -Property 'VirtualizationBasedSecurityStatus', 'SecurityServicesConfigured',
                'SecurityServicesRunning', 'CodeIntegrityPolicyEnforcementStatus',
                'UsermodeCodeIntegrityPolicyEnforcementStatus'
    }
    ciOptions = Read-Part 'ciOptions' {
        $type = Add-Type -PassThru -Name CodeIntegrity -Namespace Loadworthy -MemberDefinition @'
[DllImport("ntdll.dll")]
public static extern int NtQuerySystemInformation(int kind, uint[] into, int length, out int returned);
'@
        $into = [uint32[]](8, 0)
        $returned = 0
        if ($type::NtQuerySystemInformation(103, $into, 8, [ref]$returned) -ne 0) { throw 'not answered' }
        $into[1]
    }
    policies = Read-Part 'policies' { (& citool.exe -lp -json) -join '' | ConvertFrom-Json }
    ci = [ordered]@{}
    wintrust = Read-Part 'wintrust' {
        @(Get-ChildItem Registry::HKEY_USERS | Where-Object { $_.PSChildName -notlike '*_Classes' } | ForEach-Object {
            $path = "Registry::HKEY_USERS\$($_.PSChildName)\$state"
            $there = Test-Path -LiteralPath $path
            [ordered]@{
                sid = $_.PSChildName
                key = $there
                state = if ($there) { (Get-Item -LiteralPath $path).GetValue('State') } else { $null }
            }
        })
    }
    stores = [ordered]@{}
    devices = Read-Part 'devices' {
        @(Get-PnpDevice | Where-Object { "$($_.Problem)" -notin '0', 'CM_PROB_NONE', 'CM_PROB_PHANTOM' } | ForEach-Object {
            $of = @{}
            $keys = 'DEVPKEY_Device_ProblemStatus', 'DEVPKEY_Device_Service', 'DEVPKEY_Device_DriverInfPath', 'DEVPKEY_Device_DriverVersion'
            foreach ($p in Get-PnpDeviceProperty -InstanceId $_.InstanceId -KeyName $keys) { $of[$p.KeyName] = $p.Data }
            [ordered]@{
                FriendlyName = $_.FriendlyName; InstanceId = $_.InstanceId; Class = "$($_.Class)"
                Problem = "$($_.Problem)"; ProblemCode = [int]$_.ConfigManagerErrorCode
                ProblemStatus = $of['DEVPKEY_Device_ProblemStatus']; Service = $of['DEVPKEY_Device_Service']
                DriverInfPath = $of['DEVPKEY_Device_DriverInfPath']; DriverVersion = $of['DEVPKEY_Device_DriverVersion']
            }
        })
    }
    drivers = Read-Part 'drivers' {
        @(Get-CimInstance Win32_SystemDriver | Select-Object -Property 'Name', 'PathName', 'State', 'StartMode', 'ExitCode')
    }
    events = @()
    missing = $missing
}
foreach ($part in 'Policy', 'Config', 'Protected') {
    $document.ci[$part] = Read-Part "ci $part" { Read-Values "HKLM:\SYSTEM\CurrentControlSet\Control\CI\$part" }
}
foreach ($store in 'Root', 'TrustedPublisher', 'Disallowed', 'CA') {
    $document.stores[$store] = Read-Part "store $store" {
        @(Get-ChildItem "Cert:\LocalMachine\$store" | ForEach-Object {
            [ordered]@{ subject = $_.Subject; thumbprint = $_.Thumbprint; notAfter = $_.NotAfter.ToString('o') }
        })
    }
}
$document.events = @(
    Read-Part 'events CodeIntegrity' { Read-Events 'Microsoft-Windows-CodeIntegrity/Operational' @() }
    Read-Part 'events Security' { Read-Events 'Security' @(5038, 6281) }
    Read-Part 'events System' { Read-Events 'System' @(219, 7000, 7026) }
)
$document | ConvertTo-Json -Depth 8 | Out-File -LiteralPath $Out -Encoding utf8
Write-Output "wrote $Out"
