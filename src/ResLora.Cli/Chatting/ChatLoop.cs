using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Text;
using ResLora.Experiments.Chatting;
using ResLora.Formats.Errors;
using Spectre.Console;

namespace ResLora.Cli.Chatting;

/// <summary>Holds a conversation: reads turns and commands, writes answers as they come.</summary>
/// <param name="partner">The model, borrowed.</param>
/// <param name="input">What is said.</param>
/// <param name="context">The command's context.</param>
internal sealed class ChatLoop(ChatPartner partner, ChatInput input, CommandContext context)
{
    private const string Help = """
        /system TEXT        what the system says first; begins anew (without TEXT: nothing)
        /reset              forget what was said
        /seed N             draw tokens from this seed
        /temperature T      0 takes the likeliest token, above tokens are drawn
        /adapter on|off     let the tuned model answer, or the model without its adapter
        /adapter both       let both answer, one after the other; what the tuned one says is kept
        /again              answer the last turn once more
        /exit               end (so does the end of the input)
        A turn of several lines stands between two lines of three quotation marks (three of ").
        """;

    private readonly List<ChatTurn> _turns = [];
    private bool _answersBoth;
    private bool _isOver;

    /// <summary>All turns and answers.</summary>
    public IReadOnlyList<ChatTurn> Turns => _turns;

    /// <summary>Goes on to the end of the input.</summary>
    public void Run()
    {
        while (!_isOver && !context.Stop.IsCancellationRequested)
        {
            if (Read() is not { } said)
            {
                return;
            }

            try
            {
                Take(said);
            }
            catch (ConfigException error) when (context.Streams.AsksForInput)
            {
                context.Log(error.Message);   // somebody sits there and can say something else
            }
        }
    }

    private string? Read()
    {
        using var atPrompt = context.Interrupt?.Instead(() => Environment.Exit(ExitCode.Interrupted));
        Ask(">>> ");
        return input.Next(() => Ask("... "));
    }

    private void Ask(string sign)
    {
        if (context.Streams.AsksForInput)
        {
            context.Streams.Log.Write(sign);
        }
    }

    private void Take(string said)
    {
        var words = said.Trim().Split(' ', 2, StringSplitOptions.TrimEntries);
        var argument = words.Length > 1 ? words[1] : "";
        switch (words[0])
        {
            case "/system":
                partner.System = argument;
                break;
            case "/reset":
                partner.Reset();
                break;
            case "/seed":
                partner.Generation = partner.Generation with { Seed = Number<long>("/seed", argument) };
                break;
            case "/temperature":
                SetTemperature(Number<double>("/temperature", argument));
                break;
            case "/adapter":
                SetAdapter(argument);
                break;
            case "/again":
                Answer(null, partner.SayAgain);
                break;
            case "/exit" or "/bye" or "/quit":
                _isOver = true;
                break;
            case "/help" or "/?":
                context.Log(Help);
                break;
            case ['/', ..] command when command.IndexOf('/', 1) < 0:
                throw new ConfigException($"There is no command '{command}'; /help lists them.");
            default:
                Answer(said, stop => partner.Say(said, stop));
                break;
        }
    }

    private void SetTemperature(double temperature)
    {
        var wanted = partner.Generation with { Temperature = temperature };
        partner.Generation = wanted.Problems().FirstOrDefault() is { } problem ? throw new ConfigException(
            $"/temperature: {problem}.") : wanted;
    }

    private void SetAdapter(string which)
    {
        if (which is not ("on" or "off" or "both"))
        {
            throw new ConfigException($"/adapter is '{which}'; it must be on, off or both.");
        }

        partner.UseAdapter(which != "off");
        _answersBoth = which == "both";
    }

    private void Answer(string? said, Func<CancellationToken, IEnumerable<string>> ask)
    {
        string? withoutAdapter = null;
        if (_answersBoth)
        {
            partner.UseAdapter(isOn: false);
            try
            {
                withoutAdapter = Write("without the adapter: ", ask);
            }
            finally
            {
                partner.UseAdapter(isOn: true);
            }

            ask = partner.SayAgain;
        }

        var answer = Write(_answersBoth ? "with the adapter: " : "", ask);
        _turns.Add(new ChatTurn(said, answer, withoutAdapter));
    }

    private string Write(string label, Func<CancellationToken, IEnumerable<string>> ask)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.Stop);
        using var atAnswer = context.Streams.AsksForInput ? context.Interrupt?.Instead(stop.Cancel) : null;
        var begin = Stopwatch.GetTimestamp();
        var answer = new StringBuilder();
        Show(label);
        foreach (var piece in ask(stop.Token))
        {
            answer.Append(piece);
            Show(piece);
        }

        Show("\n");
        context.LogDetail(string.Create(
            CultureInfo.InvariantCulture,
            $"{Stopwatch.GetElapsedTime(begin).TotalSeconds:0.0} s, {partner.ReusedTokens} tokens of the conversation were known"));
        return answer.ToString();
    }

    private void Show(string text)
    {
        if (!context.IsJson)
        {
            context.Streams.Output.Write(text);
            context.Streams.Output.Flush();
        }
    }

    private static T Number<T>(string command, string text) where T : struct, INumberBase<T> =>
        T.TryParse(
            text,
            CultureInfo.InvariantCulture,
            out var number) ? number : throw new ConfigException($"{command} needs a number, and not '{text}'.");
}

/// <summary>What was said and answered.</summary>
/// <param name="User">What was said; null for another answer to the turn before.</param>
/// <param name="Assistant">The answer.</param>
/// <param name="WithoutAdapter">The answer of the model without its adapter, where both were asked for.</param>
internal sealed record ChatTurn(string? User, string Assistant, string? WithoutAdapter);
