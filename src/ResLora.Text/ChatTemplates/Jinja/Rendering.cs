using System.Runtime.CompilerServices;
using System.Text;

namespace ResLora.Text.ChatTemplates.Jinja;

/// <summary>One rendering: its output, what it has used of its limits, and the time that it sees.</summary>
/// <param name="now">The local time.</param>
internal sealed class Rendering(DateTime now)
{
    /// <summary>The longest text that a template may make, in UTF-16 units.</summary>
    public const int MaxText = 1 << 24;

    /// <summary>The longest range, as Jinja's sandbox has it.</summary>
    public const int MaxRange = 100_000;

    // A second's work or two; a conversation of a thousand turns takes a hundredth of it.
    private const long MaxSteps = 10_000_000;

    // A step for so many characters that are copied.
    private const int CharactersPerStep = 16;

    private const int MaxCalls = 200;

    private long _steps;
    private int _calls;

    /// <summary>The local time.</summary>
    public DateTime Now { get; } = now;

    /// <summary>The text outside of macros and blocks that are captured.</summary>
    public StringBuilder Output { get; } = new();

    /// <summary>What <c>generation</c> blocks wrote: start and end in <see cref="Output"/>.</summary>
    public List<(int Start, int End)> Spans { get; } = [];

    /// <summary>Counts work.</summary>
    /// <param name="steps">How much.</param>
    /// <exception cref="JinjaError">It is too much.</exception>
    public void Spend(long steps)
    {
        _steps += steps;
        if (_steps > MaxSteps)
        {
            throw new JinjaError($"the template needs more than {MaxSteps} steps; it may never end");
        }
    }

    /// <summary>Counts a text that is about to be made.</summary>
    /// <param name="length">Its length.</param>
    /// <exception cref="JinjaError">It is too long.</exception>
    public void SpendText(long length)
    {
        if (length > MaxText)
        {
            throw new JinjaError($"the template makes a text of more than {MaxText} characters");
        }

        Spend(1 + (length / CharactersPerStep));
    }

    /// <summary>Counts a list that is about to be made.</summary>
    /// <param name="count">Its length.</param>
    /// <exception cref="JinjaError">It is too long.</exception>
    public void SpendItems(long count)
    {
        Spend(1 + count);
    }

    /// <summary>Enters a macro, a caller or a loop that calls itself.</summary>
    /// <param name="body">What is done there.</param>
    /// <returns>What it gives.</returns>
    /// <exception cref="JinjaError">Too many have been entered.</exception>
    public T Within<T>(Func<T> body)
    {
        if (_calls >= MaxCalls)
        {
            throw new JinjaError($"more than {MaxCalls} calls stand inside each other");
        }

        _calls++;
        try
        {
            return body();
        }
        finally
        {
            _calls--;
        }
    }

    /// <summary>Looks whether there is room to go one level deeper.</summary>
    /// <exception cref="JinjaError">There is not.</exception>
    public static void RequireStack()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new JinjaError("too many expressions, blocks or values stand inside each other");
        }
    }
}
