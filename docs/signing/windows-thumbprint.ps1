# A CNG key in the Windows certificate store signs for `loadworthy sign --key-command`:
#   powershell.exe -NoProfile -File windows-thumbprint.ps1 THUMBPRINT
param([Parameter(Mandatory)] [string] $Thumbprint)
$ErrorActionPreference = 'Stop'
$question = [Console]::In.ReadToEnd() | ConvertFrom-Json
$certificate = Get-Item "Cert:\CurrentUser\My\$Thumbprint"
$digest = [Convert]::FromBase64String($question.digest_base64)
$hash = [Security.Cryptography.HashAlgorithmName]::new($question.digest_algorithm.ToUpper())
$key = [Security.Cryptography.X509Certificates.RSACertificateExtensions]::GetRSAPrivateKey($certificate)
$padding = [Security.Cryptography.RSASignaturePadding]::Pkcs1
$signature = $key.SignHash($digest, $hash, $padding)
@{ signature = [Convert]::ToBase64String($signature) } | ConvertTo-Json -Compress
