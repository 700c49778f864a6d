using ResLora.Formats.Errors;

namespace ResLora.Hub;

/// <summary>
/// The hub cannot be reached, does not answer or breaks off: what may be otherwise a moment later, so that it is tried again, and what the
/// cache holds is used where it has what is needed.
/// </summary>
/// <param name="message">What happened, where and what to do.</param>
/// <param name="wait">How long the hub asks to wait; null when it does not say.</param>
/// <param name="inner">The cause, if another exception led here.</param>
public sealed class HubUnavailableException(string message, TimeSpan? wait = null, Exception? inner = null) : ResLoraException(message, inner)
{
    /// <summary>How long the hub asks to wait; null when it does not say.</summary>
    public TimeSpan? Wait { get; } = wait;
}
