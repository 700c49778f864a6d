using ResLora.Formats.Errors;
using ResLora.Images.Folders;

namespace ResLora.Images.Loading;

/// <summary>
/// Decodes pictures ahead on another thread, and keeps as many as there is room for. What is kept stays: training goes over a data set
/// again and again, and a cache that gives room to the newest would have lost each picture before it comes again.
/// </summary>
/// <param name="prepare">What is made of a decoded picture, such as its resizing; it is given the picture and its name for errors.</param>
/// <param name="mostBytes">
/// The most bytes of pixels that are kept; 0 keeps none. What was decoded ahead and is not asked for yet may take as much again, or a
/// single picture: beyond that, pictures are decoded when they are asked for.
/// </param>
/// <remarks>Safe for several threads. One picture is decoded ahead at a time, so that the processor computes.</remarks>
public sealed class PictureCache(Func<PixelImage, string, PixelImage> prepare, long mostBytes)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<PictureSource, PixelImage> _kept = [];
    private readonly Dictionary<PictureSource, Task<PixelImage?>> _coming = [];
    private Task _last = Task.CompletedTask;
    private long _bytes;
    private long _waiting;

    /// <summary>How many bytes of pixels are kept.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes;
            }
        }
    }

    /// <summary>Says that a picture will be asked for soon.</summary>
    /// <param name="source">The picture.</param>
    public void Expect(PictureSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        lock (_lock)
        {
            if (!_kept.ContainsKey(source) && !_coming.ContainsKey(source))
            {
                var coming = _last.ContinueWith(
                    _ => MakeAhead(source), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
                _coming.Add(source, coming);
                _last = coming;
            }
        }
    }

    /// <summary>The picture, decoded and prepared: kept, made ready before, or made now.</summary>
    /// <param name="source">The picture.</param>
    /// <returns>The picture; not to be changed.</returns>
    /// <exception cref="FileFormatException">It is missing, broken or too large: says which file.</exception>
    public PixelImage Get(PictureSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        Task<PixelImage?>? coming;
        lock (_lock)
        {
            if (_kept.TryGetValue(source, out var kept))
            {
                return kept;
            }

            _coming.Remove(source, out coming);
        }

        var ahead = coming?.GetAwaiter().GetResult();
        var picture = ahead ?? Make(source);
        Keep(source, picture, ahead?.Bytes.Length ?? 0);
        return picture;
    }

    /// <summary>Null where too much waits already: pictures of one step may be many and large.</summary>
    private PixelImage? MakeAhead(PictureSource source)
    {
        lock (_lock)
        {
            if (_waiting > 0 && _waiting >= mostBytes)
            {
                return null;
            }
        }

        var picture = Make(source);
        lock (_lock)
        {
            _waiting += picture.Bytes.Length;
        }

        return picture;
    }

    private PixelImage Make(PictureSource source) => prepare(source.Decode(), source.Place);

    private void Keep(PictureSource source, PixelImage picture, long waited)
    {
        lock (_lock)
        {
            _waiting -= waited;
            if (_bytes + picture.Bytes.Length <= mostBytes && _kept.TryAdd(source, picture))
            {
                _bytes += picture.Bytes.Length;
            }
        }
    }
}
