namespace ResLora.Hub.Downloading;

/// <summary>A server sends another part of a file than the one asked for: it knows no parts, or the content is another one by now.</summary>
internal sealed class RangesRefusedException : Exception;
