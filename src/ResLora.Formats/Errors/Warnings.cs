namespace ResLora.Formats.Errors;

/// <summary>
/// What a user should know about an input that is used all the same, such as a key that nothing here knows. Readers say it where they find
/// it; whoever runs them listens. Without a listener it is lost.
/// </summary>
public static class Warnings
{
    private static readonly AsyncLocal<Listener?> _listener = new();

    /// <summary>Hears every warning of this flow of control, each one once, until disposed.</summary>
    /// <param name="hear">Is given a sentence.</param>
    /// <returns>Disposing it brings the listener before back.</returns>
    public static IDisposable Listen(Action<string> hear)
    {
        ArgumentNullException.ThrowIfNull(hear);
        return _listener.Value = new Listener(hear, _listener.Value);
    }

    /// <summary>Says something.</summary>
    /// <param name="sentence">One sentence: what was found, where, and what it means.</param>
    public static void Add(string sentence) => _listener.Value?.Add(sentence);

    private sealed class Listener(Action<string> hear, Listener? before) : IDisposable
    {
        private readonly HashSet<string> _heard = new(StringComparer.Ordinal);

        public void Add(string sentence)
        {
            // Parts of a model are read side by side.
            lock (_heard)
            {
                // A file is often read twice: for a plan, and for its contents.
                if (_heard.Add(sentence))
                {
                    hear(sentence);
                }
            }
        }

        public void Dispose() => _listener.Value = before;
    }
}
