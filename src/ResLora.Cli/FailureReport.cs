using System.CommandLine;
using System.Text.Json;
using ResLora.Cli.Rendering;
using ResLora.Experiments;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Hub;
using ResLora.Training.Distributed;
using ResLora.Training.Evaluation;
using ResLora.Training.Loop;

namespace ResLora.Cli;

/// <summary>The one place where failures become messages and exit codes.</summary>
/// <param name="streams">Where to write.</param>
/// <param name="isJson">Whether the standard output is to hold a JSON document all the same.</param>
/// <param name="tool">The tool's name, for what to type next.</param>
internal sealed class FailureReport(CommandStreams streams, bool isJson, string tool)
{
    private const string Issues = "Please report it with the lines above, what you ran, and the output of 'reslora doctor'.";

    /// <summary>Reports an exception.</summary>
    /// <param name="error">The exception.</param>
    /// <param name="speaker">Which of several processes says it; null where it is clear.</param>
    /// <returns>The exit code.</returns>
    public int Of(Exception error, string? speaker = null)
    {
        var (message, code) = error switch
        {
            OperationCanceledException => ("Interrupted.", ExitCode.Interrupted),
            RunFailedException or TrainingFailedException or NotFiniteException or HubUnavailableException or RanksException =>
                (error.Message, ExitCode.Failed),
            DiskFullException => (error.Message, ExitCode.DiskFull),
            ResLoraException => (error.Message, ExitCode.BadInput),
            _ when DiskFault.IsFull(error) => ($"A disk is full, or your share of it is: {error.Message}", ExitCode.DiskFull),
            _ => ($"This is a bug in ResLora.\n{error}\n{Issues}", ExitCode.Bug),
        };
        return Write(speaker is null ? message : $"{speaker}: {message}", code);
    }

    /// <summary>Reports a line that could not be parsed.</summary>
    /// <param name="parsed">The line.</param>
    /// <returns>The exit code.</returns>
    public int Usage(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var known = command.Subcommands.Select(c => c.Name)
            .Concat(command.Options.Select(o => o.Name))
            .Append(GlobalOptions.Json.Name).Append(GlobalOptions.Verbose.Name).Append(GlobalOptions.Offline.Name)
            .ToArray();
        // Messages about single words of an unknown option repeat what its suggestion says better.
        var strange = parsed.UnmatchedTokens.Where(token => token.StartsWith('-') || command.Subcommands.Count > 0).Take(1).ToArray();
        var lines = strange.Length > 0
            ? strange.Select(
                token => $"There is no {(token.StartsWith('-') ? "option" : "command")} '{token}'.{NearestName.Suggestion(token, known)}")
            : parsed.Errors.Select(problem => InWords(problem.Message));
        var path = command is Verb ? $"{tool} {command.Name}" : tool;
        return Write($"{string.Join('\n', lines.Distinct(StringComparer.Ordinal))}\nSee '{path} --help'.", ExitCode.BadInput);
    }

    /// <summary>The parser's message, without .NET's names of types.</summary>
    private static string InWords(string message) => message
        .Replace(" as expected type 'System.Int32'.", ": a whole number is needed.", StringComparison.Ordinal)
        .Replace(" as expected type 'System.Int64'.", ": a whole number is needed.", StringComparison.Ordinal)
        .Replace(" as expected type 'System.Double'.", ": a number is needed.", StringComparison.Ordinal);

    private int Write(string message, int exitCode)
    {
        Tables.Sentence(streams.Log, message);
        if (isJson)
        {
            TryWriteJson(message, exitCode);
        }

        return exitCode;
    }

    private void TryWriteJson(string message, int exitCode)
    {
        try
        {
            streams.Output.WriteLine(JsonSerializer.Serialize(new { error = message, exitCode }, CommandContext.Json));
        }
        catch (ResLoraException)
        {
            // The output takes nothing, which may be what the message says; the log has it.
        }
    }
}
