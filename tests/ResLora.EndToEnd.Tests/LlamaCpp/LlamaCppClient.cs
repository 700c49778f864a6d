using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using ResLora.EndToEnd.Tests.Support;
using Xunit;

namespace ResLora.EndToEnd.Tests.LlamaCpp;

/// <summary>
/// The real llama.cpp, as prebuilt in the npm package node-llama-cpp: installed once into artifacts/ at a pinned version. Tests skip where
/// node, npm or the package cannot be had.
/// </summary>
public sealed class LlamaCppClient
{
    private const string Version = "3.22.1";
    private const string Driver = "llama-cpp.mjs";

    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(5);
    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web);

    private readonly string? _folder;
    private readonly string _reason = "";

    /// <summary>Finds or installs the package.</summary>
    public LlamaCppClient()
    {
        try
        {
            _folder = Install();
        }
        catch (Exception error) when (error is InvalidOperationException or System.ComponentModel.Win32Exception or IOException)
        {
            _reason = $"llama.cpp cannot be had through npm: {error.Message}";
        }
    }

    /// <summary>What llama.cpp makes of texts and prompts.</summary>
    /// <param name="Ids">The ids of each text, without begin and end tokens.</param>
    /// <param name="Continuations">The greedy continuation of each prompt.</param>
    internal sealed record Answer(int[][] Ids, Continuation[] Continuations);

    /// <summary>What llama.cpp adds to a prompt.</summary>
    /// <param name="Ids">The tokens, without the end token.</param>
    /// <param name="Text">Its own rendering of them.</param>
    internal sealed record Continuation(int[] Ids, string Text);

    /// <summary>Runs llama.cpp on a file; skips the test when there is none.</summary>
    internal Answer Run(string model, string? adapter, IReadOnlyList<string> texts, IReadOnlyList<string> prompts, int maxTokens)
    {
        Assert.SkipWhen(_folder is null, _reason);
        File.Copy(Path.Combine(AppContext.BaseDirectory, "LlamaCpp", Driver), Path.Combine(_folder, Driver), overwrite: true);
        var request = JsonSerializer.Serialize(new { model, adapter, texts, prompts, maxTokens }, _json);
        var (exitCode, output, error) = Execute("node", [Driver], _folder, request);
        Assert.True(exitCode == 0, $"llama.cpp ended with {exitCode}\n{output}\n{error}");
        return JsonSerializer.Deserialize<Answer>(output, _json)!;
    }

    private static string Install()
    {
        Execute("node", ["--version"], Repository.Root, "");
        var folder = Path.Combine(Repository.Root, "artifacts", $"node-llama-cpp-{Version}");
        if (Directory.Exists(folder))
        {
            return folder;
        }

        // Aside first: an installation that was broken off must not pass for one.
        var aside = $"{folder}.{Environment.ProcessId}";
        try
        {
            Directory.CreateDirectory(aside);
            File.WriteAllText(Path.Combine(aside, "package.json"), """{ "private": true }""");
            // Binaries for graphics cards are optional packages of 600 MB that are not needed here.
            string[] install = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional", $"node-llama-cpp@{Version}", $"@node-llama-cpp/{Platform()}@{Version}"];
            var (exitCode, output, error) = Execute(OperatingSystem.IsWindows() ? "npm.cmd" : "npm", install, aside, "");
            if (exitCode != 0)
            {
                throw new InvalidOperationException(
                    $"npm install ended with {exitCode}: {(error.Length > 0 ? error : output).Trim().Split('\n')[0]}");
            }

            Directory.Move(aside, folder);
            return folder;
        }
        finally
        {
            if (Directory.Exists(aside))
            {
                Directory.Delete(aside, recursive: true);
            }
        }
    }

    private static string Platform() =>
        OperatingSystem.IsWindows() ? "win-x64"
        : OperatingSystem.IsMacOS() ? "mac-arm64-metal"
        : RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "linux-arm64" : "linux-x64";

    private static (int ExitCode, string Output, string Error) Execute(string program, string[] arguments, string folder, string input)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        if (!process.WaitForExit(_patience))
        {
            process.Kill(entireProcessTree: true);
            throw new InvalidOperationException($"{program} did not end within {_patience}");
        }

        return (process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }
}
