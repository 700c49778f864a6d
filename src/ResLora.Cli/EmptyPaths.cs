using System.CommandLine;
using System.CommandLine.Parsing;
using ResLora.Formats.Errors;

namespace ResLora.Cli;

/// <summary>
/// Refuses paths on the command line that are empty, as a variable that is not set leaves them: an empty path would be the current folder.
/// </summary>
internal static class EmptyPaths
{
    private static readonly string[] _names = ["DIR", "FILE", "PATH"];

    /// <summary>Refuses them.</summary>
    /// <param name="parsed">The line.</param>
    /// <exception cref="ConfigException">An option or an argument that is a path is empty.</exception>
    public static void Refuse(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var options = command.Options.Where(option => _names.Contains(option.HelpName)).Select(
            option => (option.Name, (SymbolResult?)parsed.GetResult(option)));
        var arguments = command.Arguments.Select(argument => (argument.Name, (SymbolResult?)parsed.GetResult(argument)));
        foreach (var (name, result) in options.Concat(arguments))
        {
            if (result?.Tokens.Any(token => string.IsNullOrWhiteSpace(token.Value)) == true)
            {
                throw new ConfigException($"{name} is empty, and a path is needed; is a variable unset?");
            }
        }
    }
}
