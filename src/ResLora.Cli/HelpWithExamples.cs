using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace ResLora.Cli;

/// <summary>The parser's own help, followed by examples that can be copied.</summary>
internal sealed class HelpWithExamples : SynchronousCommandLineAction
{
    private const int MostWidth = 110;
    private readonly HelpAction _help;

    private HelpWithExamples(HelpAction help)
    {
        help.MaxWidth = MostWidth;
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

    /// <summary>Has the root's help break its lines where the terminal would.</summary>
    /// <param name="root">The root command.</param>
    /// <param name="width">The terminal's width.</param>
    public static void Fit(Command root, int width)
    {
        if (root.Options.OfType<HelpOption>().Single().Action is HelpWithExamples help)
        {
            help._help.MaxWidth = Math.Min(width, MostWidth);
        }
    }

    /// <inheritdoc />
    public override int Invoke(ParseResult parseResult)
    {
        var output = parseResult.InvocationConfiguration.Output;
        // The parser's help pads its columns, also where nothing follows.
        using var padded = new StringWriter();
        parseResult.InvocationConfiguration.Output = padded;
        _help.Invoke(parseResult);
        parseResult.InvocationConfiguration.Output = output;
        foreach (var line in padded.ToString().TrimEnd().Split(padded.NewLine))
        {
            output.WriteLine(line.TrimEnd());
        }

        output.WriteLine();
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
