using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace ResLora.Cli;

/// <summary>The parser's own help, followed by examples that can be copied.</summary>
internal sealed class HelpWithExamples : SynchronousCommandLineAction
{
    private const int Width = 110;
    private readonly SynchronousCommandLineAction _help;

    private HelpWithExamples(HelpAction help)
    {
        help.MaxWidth = Width;
        _help = help;
    }

    /// <inheritdoc />
    public override bool ClearsParseErrors => true;

    /// <summary>Puts this help in the place of the root's.</summary>
    /// <param name="root">The root command.</param>
    public static void AddTo(Command root)
    {
        var option = root.Options.OfType<HelpOption>().Single();
        option.Action = new HelpWithExamples((HelpAction)option.Action!);
    }

    /// <inheritdoc />
    public override int Invoke(ParseResult parseResult)
    {
        _help.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is Verb { Examples.Count: > 0 } verb)
        {
            output.WriteLine("Examples:");
            foreach (var example in verb.Examples)
            {
                output.WriteLine($"  reslora {example}");
            }

            output.WriteLine();
        }

        return ExitCode.Done;
    }
}
