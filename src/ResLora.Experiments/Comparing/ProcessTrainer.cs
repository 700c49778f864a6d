using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ResLora.Experiments.Configuration;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Training.Distributed.Mpi;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Comparing;

/// <summary>Trains a run in a process of its own: <c>reslora train RUN.yaml --json</c>.</summary>
/// <param name="tool">The program and what stands before its command, such as <c>dotnet reslora.dll</c>.</param>
/// <param name="progress">Is told what the process says in the end; null for nobody.</param>
internal sealed class ProcessTrainer(IReadOnlyList<string> tool, IProgress<RunEvent>? progress) : IRunTrainer
{
    private const int Done = 0, Failed = 1, Interrupted = 130;

    // In a session of its own a process does not hear the terminal's Ctrl-C as well, of which the second ends it without a checkpoint.
    private const string SessionTool = "/usr/bin/setsid";
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    /// <inheritdoc />
    public RunRecord Train(PlannedRun run, bool resume, CancellationToken stop)
    {
        var settings = run.Folder.Path + ".yaml";
        Directory.CreateDirectory(Path.GetDirectoryName(settings)!);
        ConfigFile.Save(run.Config, settings);
        // What names on a hub mean is here by now, and each process would ask for it again.
        string[] going = resume ? ["--resume"] : [];
        var (code, output) = Run([.. tool, "train", settings, "--json", .. going, "--offline"], stop);
        // One that was done all the same is done.
        if (code != Done)
        {
            stop.ThrowIfCancellationRequested();
        }

        using var document = Parse(run, code, output);
        var answer = document.RootElement;
        switch (code)
        {
            case Done:
            case Interrupted when run.IsPausedAfter(Steps(answer)):
                File.Delete(settings);
                return new RunRecord(run.Key, answer.GetProperty("trainableParameters").GetInt64(), Memory(answer));
            case Failed when run.IsTrial:
                progress?.Report(new Note(0, $"{run.Title}: {Error(answer)}"));
                return new RunRecord(run.Key, 0, null) { Failure = Error(answer) };
            case Failed:
                throw RunQueue.Failure(run, Error(answer), null);
            case Interrupted:
                throw new OperationCanceledException($"{run.Title} was interrupted.");
            default:
                throw new ConfigException($"{run.Title}: {Error(answer)}");
        }
    }

    private static int Steps(JsonElement answer) =>
        answer.TryGetProperty("result", out var result) ? result.GetProperty("steps").GetInt32() : 0;

    private static long? Memory(JsonElement answer) =>
        answer.TryGetProperty("peakMemory", out var memory) && memory.ValueKind == JsonValueKind.Number ? memory.GetInt64() : null;

    private static string Error(JsonElement answer) =>
        answer.TryGetProperty("error", out var error) ? error.GetString() ?? "" : "it gave no reason.";

    /// <summary>A process that is killed, by the system for its memory for one, says nothing.</summary>
    private static JsonDocument Parse(PlannedRun run, int code, string output)
    {
        try
        {
            return JsonDocument.Parse(output);
        }
        catch (JsonException)
        {
            throw new RunFailedException(string.Create(
                CultureInfo.InvariantCulture,
                $"{run.Title}: its process ended with code {code} and without a result; if the system killed it for its memory, take fewer processes (--jobs). What it has saved is kept."));
        }
    }

    private static (int Code, string Output) Run(string[] line, CancellationToken stop)
    {
        var hasSession = OperatingSystem.IsLinux() && File.Exists(SessionTool);
        string[] whole = hasSession ? [SessionTool, .. line] : line;
        using var process = Start(whole);
        // What it tells on the way is not kept; a pipe that nobody reads would stop it.
        var (output, told) = (
            process.StandardOutput.ReadToEndAsync(CancellationToken.None), process.StandardError.ReadToEndAsync(CancellationToken.None));
        using (stop.Register(() => End(process, hasSession)))
        {
            process.WaitForExit();
        }

        Task.WaitAll(output, told);
        return (process.ExitCode, output.Result);
    }

    private static Process Start(string[] line)
    {
        var start = new ProcessStartInfo(line[0], line[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        // It trains alone, even where a launcher has started this process.
        MpiCommunicator.RemoveFrom(start.Environment);
        try
        {
            return Process.Start(start)!;
        }
        catch (Exception error) when (error is System.ComponentModel.Win32Exception || DiskFault.Is(error))
        {
            throw new ConfigException($"'{line[0]}' cannot be started for a run of its own: {error.Message} Leave --jobs out.", error);
        }
    }

    /// <summary>Asks a process to save a checkpoint and to end.</summary>
    private static void End(Process process, bool hasSession)
    {
        if (hasSession)
        {
            using var signal = Start(["/bin/kill", "-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
            signal.WaitForExit();
        }
        else if (!process.WaitForExit(_patience))
        {
            // The terminal's Ctrl-C has not reached it.
            process.Kill();
        }
    }
}
