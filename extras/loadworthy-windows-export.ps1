<#
.SYNOPSIS
    Writes what tells why a driver does not install or load, as one JSON document for
    `loadworthy diagnose`.
.DESCRIPTION
    Reads only. Changes nothing of the machine's settings, starts nothing but bcdedit and citool, and
    asks no network; Windows PowerShell 5.1 compiles one call of Windows in the folder for temporary
    files. Run it in an elevated 64-bit PowerShell (5.1 or later); what may not be read is left out
    and named in "missing".

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
if ($env:PROCESSOR_ARCHITEW6432) { throw 'a 32-bit PowerShell is shown another registry and no bcdedit: run the 64-bit one' }
$missing = @()
# Where App Control binds scripts, methods may not be called: reading goes by cmdlets where it can.
$language = $ExecutionContext.SessionState.LanguageMode
if ("$language" -ne 'FullLanguage') { $missing += "language: $language" }

function Read-Part([string]$Name, [scriptblock]$How) {
    $is = $null
    try { $is = & $How } catch { $script:missing += "${Name}: $($_.Exception.Message)" -replace '\s+', ' ' }
    # A command that says nothing is no null: Windows PowerShell 5.1 would write {}.
    if ($null -eq $is) { $null } else { $is }
}

function Read-List([string]$Name, [scriptblock]$How) {
    Read-Part $Name $How | Where-Object { $null -ne $_ }
}

function Read-Program([scriptblock]$Run) {
    $said = (& $Run) -join "`n"
    if ($LASTEXITCODE -ne 0) { throw "exit code ${LASTEXITCODE}: $said" }
    $said
}

function Read-Values([string]$Path) {
    if (-not (Test-Path -LiteralPath $Path)) { return $null }
    $all = Get-ItemProperty -LiteralPath $Path
    $values = [ordered]@{}
    foreach ($name in (Get-Item -LiteralPath $Path).Property) {
        $value = $all.$name
        if ($value -is [byte[]]) { $value = ($value | ForEach-Object { '{0:X2}' -f $_ }) -join '-' }
        $values[$name] = $value
    }
    $values
}

function Read-Fields([string]$Xml) {
    $fields = [ordered]@{}
    $n = 0
    foreach ($data in ([xml]$Xml).SelectNodes("//*[local-name()='EventData']/*|//*[local-name()='UserData']/*/*")) {
        $n++
        $name = $data.GetAttribute('Name')
        if (-not $name) { $name = if ($data.LocalName -eq 'Data') { "param$n" } else { $data.LocalName } }
        $fields[$name] = $data.InnerText
    }
    $fields
}

function Read-Events([string]$Log, [int[]]$Ids) {
    $filter = @{ LogName = $Log }
    if ($Ids) { $filter['Id'] = $Ids }
    $found = @(Get-WinEvent -FilterHashtable $filter -MaxEvents $MaxEvents -ErrorAction SilentlyContinue -ErrorVariable failed)
    # That no event is there is an answer; that the log may not be read is none.
    $failed = @($failed | Where-Object { $_.FullyQualifiedErrorId -notlike 'NoMatchingEventsFound*' })
    if ($found.Count -eq 0 -and $failed.Count -ne 0) { throw $failed[0] }
    foreach ($record in $found) {
        # Text that is no XML, and a language mode without methods, leave the message.
        $fields = try { Read-Fields $record.ToXml() } catch { $null }
        [ordered]@{
            Id = $record.Id
            ProviderName = $record.ProviderName
            TimeCreated = if ($record.TimeCreated) { $record.TimeCreated.ToUniversalTime().ToString('o') } else { $null }
            ActivityId = if ($record.ActivityId) { "$($record.ActivityId)" } else { $null }
            EventData = $fields
            Message = if ($null -eq $fields) { $record.Message } else { $null }
        }
    }
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
    bcd = Read-Part 'bcd' { Read-Program { bcdedit.exe /enum '{current}' /v } }
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
    policies = Read-Part 'policies' { Read-Program { citool.exe -lp -json } | ConvertFrom-Json }
    ci = [ordered]@{}
    wintrust = @(
        foreach ($sid in Read-List 'wintrust' { Get-ChildItem Registry::HKEY_USERS -Name }) {
            if ($sid -like '*_Classes') { continue }
            Read-List "wintrust $sid" {
                $values = Read-Values "Registry::HKEY_USERS\$sid\$state"
                [ordered]@{
                    sid = $sid
                    key = $null -ne $values
                    state = if ($null -ne $values) { $values['State'] } else { $null }
                }
            }
        }
    )
    stores = [ordered]@{}
    devices = @(Read-List 'devices' {
        # 45 is a device that is not there now.
        Get-CimInstance Win32_PnPEntity -Filter 'ConfigManagerErrorCode <> 0 AND ConfigManagerErrorCode <> 45' |
            Select-Object -Property 'Name', 'PNPDeviceID', 'PNPClass', 'Service', 'ConfigManagerErrorCode' | ForEach-Object {
            $device = $_
            $of = @{}
            $keys = 'DEVPKEY_Device_ProblemStatus', 'DEVPKEY_Device_DriverInfPath', 'DEVPKEY_Device_DriverVersion'
            # A property that the device lacks comes without Data.
            Read-List "device $($device.PNPDeviceID)" {
                Get-PnpDeviceProperty -InstanceId $device.PNPDeviceID -KeyName $keys | Select-Object -Property 'KeyName', 'Data'
            } | ForEach-Object { $of[$_.KeyName] = $_.Data }
            [ordered]@{
                FriendlyName = $device.Name; InstanceId = $device.PNPDeviceID; Class = $device.PNPClass
                ProblemCode = $device.ConfigManagerErrorCode; ProblemStatus = $of['DEVPKEY_Device_ProblemStatus']
                Service = $device.Service; DriverInfPath = $of['DEVPKEY_Device_DriverInfPath']
                DriverVersion = $of['DEVPKEY_Device_DriverVersion']
            }
        }
    })
    drivers = @(Read-List 'drivers' {
        Get-CimInstance Win32_SystemDriver | Select-Object -Property 'Name', 'PathName', 'State', 'StartMode', 'ExitCode'
    })
    events = @(
        Read-List 'events CodeIntegrity' { Read-Events 'Microsoft-Windows-CodeIntegrity/Operational' @() }
        Read-List 'events Security' { Read-Events 'Security' @(5038, 6281) }
        Read-List 'events System' { Read-Events 'System' @(219, 7000, 7026) }
    )
}
foreach ($part in 'Policy', 'Config', 'Protected') {
    $document.ci[$part] = Read-Part "ci $part" { Read-Values "HKLM:\SYSTEM\CurrentControlSet\Control\CI\$part" }
}
foreach ($store in 'Root', 'TrustedPublisher', 'Disallowed', 'CA') {
    $document.stores[$store] = @(Read-List "store $store" {
        Get-ChildItem "Cert:\LocalMachine\$store" | ForEach-Object {
            [ordered]@{ subject = $_.Subject; thumbprint = $_.Thumbprint; notAfter = $_.NotAfter.ToString('o') }
        }
    })
}
$document['missing'] = $missing
$document | ConvertTo-Json -Depth 8 | Set-Content -LiteralPath $Out -Encoding UTF8
Write-Output "wrote $Out"
