# Completes ti in PowerShell. Load it in $PROFILE: ti completion pwsh | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName ti -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $line = $commandAst.ToString()
    $length = $cursorPosition - $commandAst.Extent.StartOffset
    if ($length -gt $line.Length) { $line += ' ' } else { $line = $line.Substring(0, $length) }
    # Without any result, PowerShell completes paths by itself.
    & $commandAst.CommandElements[0].ToString() '[complete]' $line 2>$null | Select-Object -Skip 2 | ForEach-Object {
        $text, $description = $_ -split "`t", 2
        if (-not $description) { $description = $text }
        $quoted = if ($text -match '[\s<>()@;|&"]') { "'" + $text.Replace("'", "''") + "'" } else { $text }
        [System.Management.Automation.CompletionResult]::new($quoted, $text, 'ParameterValue', $description)
    }
}
