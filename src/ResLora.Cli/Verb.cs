using System.CommandLine;

namespace ResLora.Cli;

/// <summary>A command of the tool with the examples that its help ends with.</summary>
/// <param name="name">Its name.</param>
/// <param name="description">What it does, in a sentence or two.</param>
/// <param name="examples">Command lines without the tool's name.</param>
internal sealed class Verb(string name, string description, params string[] examples) : Command(name, description)
{
    /// <summary>Command lines without the tool's name.</summary>
    public IReadOnlyList<string> Examples => examples;

    /// <summary>Whether several processes that <c>mpirun</c> started can do it together.</summary>
    public bool IsShared { get; private set; }

    /// <summary>What it does, given its parsed line.</summary>
    public Func<ParseResult, CommandContext, int> Body { get; private set; } = (_, _) => ExitCode.Done;

    /// <summary>Sets what the command does.</summary>
    /// <param name="body">Takes the parsed line and the context, returns the exit code.</param>
    /// <param name="isShared">Whether several processes that <c>mpirun</c> started can do it together. Default false.</param>
    /// <returns>This command.</returns>
    public Verb Does(Func<ParseResult, CommandContext, int> body, bool isShared = false)
    {
        (Body, IsShared) = (body, isShared);
        // Without an action the parser would ask for a subcommand.
        SetAction(_ => ExitCode.Done);
        return this;
    }
}
